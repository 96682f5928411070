"""Filing: what is looked at, stowed away and written when a record is taken in or corrected, and its receipt."""
