"""The tamper-evident audit log: acts, Merkle tree, checkpoints, proofs, verification."""
