"""Pages of what is held: catalogue, records, case files, plan, numbers, storerooms, registers."""
