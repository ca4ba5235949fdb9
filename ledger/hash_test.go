package ledger

import "testing"

func TestSum256(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
		{"\x9f\xff", "afc0da64183bf2664f3d4eec7238d524ba607faeeab24fc100eb861dba69971b"},
		// The body of examples X00.
		{"\xa3\x00\xd9\x01\x02\x80\x01\x80\x02\x00", "3da9a3b38dce0e87ca4a88f3328caac7a970cf9ac40424cde2b675768d11f11b"},
	} {
		if got := sum256([]byte(tt.in)).String(); got != tt.want {
			t.Errorf("sum256(%x) = %s, want %s", tt.in, got, tt.want)
		}
	}
}
