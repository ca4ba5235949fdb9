package ledger

import "golang.org/x/crypto/blake2b"

// sum256 computes the hash that identifies headers, bodies and transactions.
func sum256(p []byte) Hash { return blake2b.Sum256(p) }
