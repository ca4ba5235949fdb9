package follow

import (
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chain"
	"github.com/ouronet/ouronet/chaintest"
)

// Block-fetch gets the headers that chain-sync brought, so that those of the blocks are
// neither parsed nor hashed again.
func TestWantsCarryHeaders(t *testing.T) {
	var f chain.Fetch
	for _, b := range chaintest.NewGenerator(chaintest.Config{}).Blocks(3) {
		f.Headers = append(f.Headers, &b.Header)
	}
	wants := wantsOf(f)
	if len(wants) != len(f.Headers) {
		t.Fatalf("%d wants", len(wants))
	}
	for i, h := range f.Headers {
		if wants[i] != blockfetch.WantKnown(h) {
			t.Errorf("block %d: %+v", i, wants[i])
		}
	}
}
