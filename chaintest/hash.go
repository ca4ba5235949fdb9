package chaintest

import (
	"golang.org/x/crypto/blake2b"

	"github.com/ouronet/ouronet/ledger"
)

func sum256(p []byte) ledger.Hash { return blake2b.Sum256(p) }
