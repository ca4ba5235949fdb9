package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// A transaction is read in each form that people have it in.
func TestReadTx(t *testing.T) {
	raw := []byte{0x84, 0xa0, 0xa0, 0xf5, 0xf6}
	name := filepath.Join(t.TempDir(), "tx")
	for _, test := range []struct{ content, want string }{
		{string(raw), ""},
		{"84a0a0f5f6", ""},
		{" 84a0a0f5f6\n", ""},
		{`{"type": "Witnessed Tx ConwayEra", "description": "", "cborHex": "84a0a0f5f6"}`, ""},
		{"", " is empty: give a file with a transaction"},
		{strings.Repeat("0", maxTxFile), " is no transaction: Conway transaction: "},
		{strings.Repeat("0", maxTxFile+1), " is longer than any transaction: give a file with one transaction"},
		{`{"cborHex": ""}`, " is no transaction: Conway transaction: "},
	} {
		if err := os.WriteFile(name, []byte(test.content), 0o666); err != nil {
			t.Fatal(err)
		}
		tx, err := ReadTx(name, ledger.Conway)
		switch {
		case test.want == "":
			if err != nil || tx.Era != ledger.Conway || !bytes.Equal(tx.Bytes, raw) {
				t.Errorf("%.80q: %x, error %v", test.content, tx.Bytes, err)
			}
		case err == nil || !strings.HasPrefix(err.Error(), name+test.want):
			t.Errorf("%.80q: error %v, want %s", test.content, err, test.want)
		}
	}
}

func TestReadTxOfStandardInput(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out.WriteString("84a0a0f5f6\n")
	out.Close()
	before := os.Stdin
	defer func() { os.Stdin = before }()
	os.Stdin = in
	if tx, err := ReadTx("-", ledger.Conway); err != nil || len(tx.Bytes) != 5 {
		t.Errorf("%x, error %v", tx.Bytes, err)
	}
}
