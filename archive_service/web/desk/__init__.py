"""The disposal desk: what is due, lists and their certificates, holds, transfers, the schedule."""
