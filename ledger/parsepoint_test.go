package ledger_test

import (
	"strings"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

func TestParsePoint(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	for _, s := range []string{"origin", "0." + hash, "18446744073709551615." + hash} {
		p, err := ledger.ParsePoint(s)
		if err != nil || p.String() != s {
			t.Errorf("%q: %v, %v", s, p, err)
		}
	}
	for _, s := range []string{"", "1", "." + hash, "1." + hash[1:], "1." + hash + "00", "-1." + hash, "18446744073709551616." + hash, "1.." + hash} {
		if p, err := ledger.ParsePoint(s); err == nil {
			t.Errorf("%q is %v, want an error", s, p)
		}
	}
}
