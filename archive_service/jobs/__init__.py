"""What the service does by itself: it wakes, asks the services whether anything is due, and sleeps again."""
