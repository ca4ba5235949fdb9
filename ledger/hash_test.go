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

// Lengths around the block size of 128, of bytes 0, 7, 14, …
func TestSum256Lengths(t *testing.T) {
	in := make([]byte, 1000)
	for i := range in {
		in[i] = byte(7 * i)
	}
	for n, want := range map[int]string{
		1:    "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314",
		127:  "4ff62e7c4c43fe101a078479c48836be4907d9d498dcc577ca89d694b2c11f9b",
		128:  "14696d2a98d9f8a280da8b132b1045b345e1033759c6b02fcc4ee885c8ae7c37",
		129:  "3934215260b1039be9d9d2b073b059bcd50120c327a22af93eb4d98cf821c14c",
		255:  "a3bb8b4fa098078d32bb5a89e905e237862fd83e99141ca7d8a073bb268ba2a0",
		256:  "3d0cb2693dfbac42af5a6cc960953fea8714aa39c4bcd054ef61d6b5e98ade4a",
		257:  "63cb41934eb22ceb359755501ea299abcd784306baf8845ad6b97ff0828b7cfe",
		1000: "6ac4bea923678eb024090384d6e767b5870f849057dc19b172d8d9f2df30bf8e",
	} {
		if got := sum256(in[:n]).String(); got != want {
			t.Errorf("%d bytes: %s, want %s", n, got, want)
		}
	}
}
