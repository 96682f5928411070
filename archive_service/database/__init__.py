"""Engine, transactions, the registry of tables and the migrations."""
