"""Disposal: holds, the daily check, lists, appraisal, approval, destruction and its certificate."""
