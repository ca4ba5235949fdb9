package cli

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/ouronet/ouronet/ledger"
)

// maxTxFile is far more than any node takes of a transaction, in bytes, written
// in hex.
const maxTxFile = 1 << 20

// ReadTx reads a transaction from a file, or from standard input if it is "-": as
// CBOR, as hex, or in the JSON that cardano-cli writes (cborHex).
func ReadTx(file string, era ledger.Era) (ledger.RawTx, error) {
	in := io.Reader(os.Stdin)
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return ledger.RawTx{}, err
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxTxFile+1))
	switch {
	case err != nil:
		return ledger.RawTx{}, err
	case len(raw) == 0:
		return ledger.RawTx{}, fmt.Errorf("%s is empty: give a file with a transaction", file)
	case len(raw) > maxTxFile:
		return ledger.RawTx{}, fmt.Errorf("%s is longer than any transaction: give a file with one transaction", file)
	}
	var envelope struct{ CBORHex string }
	text := string(raw)
	if json.Unmarshal(raw, &envelope) == nil && envelope.CBORHex != "" {
		text = envelope.CBORHex
	}
	if b, err := hex.DecodeString(strings.TrimSpace(text)); err == nil {
		raw = b
	}
	tx := ledger.RawTx{Era: era, Bytes: raw}
	if _, err := tx.ID(); err != nil {
		return tx, fmt.Errorf("%s is no transaction: %s: give its CBOR, raw, in hex or as cardano-cli writes it, and its -era", file, Plain(err))
	}
	return tx, nil
}
