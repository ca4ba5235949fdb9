package praos

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/ouronet/ouronet/internal/testing/realchain"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// headers reads the first limit headers of an ImmutableDB folder; 0 means all.
func headers(tb testing.TB, n ledger.Network, folder string, limit int) []*ledger.Header {
	tb.Helper()
	db, err := immutable.Open(filepath.Join(testenv.ChainData(tb), folder), immutable.Options{Network: n})
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	var hs []*ledger.Header
	for h, err := range db.HeadersFrom(db.First()) {
		if err != nil {
			tb.Fatal(err)
		}
		hs = append(hs, &h)
		if len(hs) == limit {
			break
		}
	}
	return hs
}

func verifier(tb testing.TB, c Config) *Verifier {
	tb.Helper()
	v, err := NewVerifier(c)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func hashOf(tb testing.TB, s string) ledger.Hash {
	tb.Helper()
	h, err := ledger.ParseHash(s)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func readJSON(tb testing.TB, into any, path ...string) {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{testenv.ChainData(tb)}, path...)...))
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// expected is what an independent tool found in a folder of headers.
type expected struct {
	Blocks                                int
	EpochNonces                           map[uint64]string
	ActiveEpochNonce, Evolving, Candidate string
	Lab, LastEpoch, LastHash              string
	LastBlockNo, LastSlot, FirstSlot      uint64
}

// follow verifies headers one after the other and compares all nonces with what
// is expected.
func follow(t *testing.T, v *Verifier, s State, hs []*ledger.Header, want expected, checks Checks) State {
	t.Helper()
	if len(hs) != want.Blocks {
		t.Fatalf("%d headers, want %d", len(hs), want.Blocks)
	}
	seen := make(map[uint64]string)
	for _, h := range hs {
		next, made, err := v.Verify(s, h)
		if err != nil {
			t.Fatal(err)
		}
		if missing := checks &^ made; missing != 0 && (missing != Bound || !tpraos(h.Raw.Era)) {
			t.Fatalf("header %v: %v was not checked", h.Point(), missing)
		}
		s = next
		seen[s.Epoch] = s.Nonces.Active.String()
	}
	for epoch, nonce := range seen {
		if nonce != want.EpochNonces[epoch] {
			t.Errorf("epoch %d has nonce %s, want %s", epoch, nonce, want.EpochNonces[epoch])
		}
	}
	for name, pair := range map[string][2]string{
		"active":     {s.Nonces.Active.String(), want.ActiveEpochNonce},
		"evolving":   {s.Nonces.Evolving.String(), want.Evolving},
		"candidate":  {s.Nonces.Candidate.String(), want.Candidate},
		"lab":        {s.Nonces.Lab.String(), want.Lab},
		"last epoch": {s.Nonces.LastEpoch.String(), want.LastEpoch},
		"last hash":  {s.Tip.Point.Hash.String(), want.LastHash},
		"last slot":  {fmt.Sprint(s.Tip.Point.Slot), fmt.Sprint(want.LastSlot)},
		"last block": {fmt.Sprint(s.Tip.BlockNo), fmt.Sprint(want.LastBlockNo)},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s is %s, want %s", name, pair[0], pair[1])
		}
	}
	return s
}

// Four epochs of preview, Alonzo and Babbage, from the Shelley genesis hash and
// nothing else.
func TestPreview(t *testing.T) {
	var want expected
	readJSON(t, &want, "expected", "preview-immutable.json")
	v := verifier(t, Config{Network: ledger.Preview, Require: Envelope | Certificate | KES | VRF | Bound})
	follow(t, v, Origin(ledger.Preview), headers(t, ledger.Preview, "preview-immutable", 0), want, Envelope|Certificate|KES|VRF|Bound)
}

// lateState is the state before the first header of preview-immutable-late.
func lateState(tb testing.TB, first *ledger.Header) State {
	return State{
		Tip:   ledger.Tip{Point: ledger.Point{Slot: first.Slot - 1, Hash: first.Prev}, BlockNo: first.BlockNo - 1},
		Epoch: 13, Known: AllNonces,
		Nonces: Nonces{
			Active:    NonceOf(hashOf(tb, "940d01dc4c46490ae4f272f454a51cb13ec466cccfbf6c3da1759a54e540f520")),
			Candidate: NonceOf(hashOf(tb, "a8fcb05f28d2b1e670e6b7b63720aa82cd49b2bae170f01db0d3e958341b6735")),
			Evolving:  NonceOf(hashOf(tb, "21c0746210c417e99241e1b95a97964fb1727945dec1df71935760917aa206eb")),
			Lab:       NonceOf(hashOf(tb, "0b7135f64567ae660364ffea61ff08c3ea74c3876d49631287e936e951da5c66")),
			LastEpoch: NonceOf(hashOf(tb, "e76f8d453c4a9a6681bf6fedbbbd83fb572c43e18d0d2e8ad0e71b713d2427c5")),
		},
	}
}

// Epoch 14 of preview, Babbage, from the state that was given.
func TestPreviewLate(t *testing.T) {
	var want expected
	readJSON(t, &want, "expected", "preview-immutable-late.json")
	hs := headers(t, ledger.Preview, "preview-immutable-late", 0)
	all := Envelope | Certificate | KES | VRF | Bound
	follow(t, verifier(t, Config{Network: ledger.Preview, Require: all}), lateState(t, hs[0]), hs, want, all)

	// The epoch nonce alone is enough for the epoch.
	s := lateState(t, hs[0])
	s.Epoch, s.Known = 14, EpochNonce
	s.Nonces = Nonces{Active: NonceOf(hashOf(t, want.EpochNonces[14]))}
	v := verifier(t, Config{Network: ledger.Preview})
	for _, h := range hs[:50] {
		next, made, err := v.Verify(s, h)
		if err != nil || made != all {
			t.Fatalf("checked %v, %v", made, err)
		}
		s = next
	}
}

// One chunk of preprod, for which no nonce is known.
func TestPreprodChunk(t *testing.T) {
	hs := headers(t, ledger.Preprod, "preprod-chunk-01285", 0)
	v := verifier(t, Config{Network: ledger.Preprod})
	s := State{Tip: ledger.Tip{Point: ledger.Point{Slot: hs[0].Slot - 1, Hash: hs[0].Prev}, BlockNo: hs[0].BlockNo - 1}}
	for _, h := range hs {
		next, made, err := v.Verify(s, h)
		if err != nil || made != Envelope|Certificate|KES {
			t.Fatalf("checked %v, %v", made, err)
		}
		s = next
	}
	if len(hs) != 864 {
		t.Errorf("%d headers", len(hs))
	}
}

// Four headers of preprod, Conway, over the boundary of an epoch.
func TestPreprodBoundary(t *testing.T) {
	var hs []*ledger.Header
	for _, r := range realchain.Headers {
		if r.Network != "preprod" {
			continue
		}
		h, err := ledger.Preprod.ParseHeader(ledger.RawHeader{Era: ledger.Conway, Bytes: r.Bytes()})
		if err != nil {
			t.Fatal(err)
		}
		hs = append(hs, &h)
	}
	s := State{
		Tip:   hs[0].Tip(),
		Epoch: ledger.Preprod.Epoch(hs[0].Slot), Known: AllNonces,
		Nonces: Nonces{
			Active:    NonceOf(hashOf(t, "a7c4477e9fcfd519bf7dcba0d4ffe35a399125534bc8c60fa89ff6b50a060a7a")),
			Candidate: NonceOf(hashOf(t, "74fe03b10c4f52dd41105a16b5f6a11015ec890a001a5253db78a779fe43f6b6")),
			Evolving:  NonceOf(hashOf(t, "24bb737ee28652cd99ca41f1f7be568353b4103d769c6e1ddb531fc874dd6718")),
			Lab:       NonceOf(hs[0].Prev),
			// The previous hash of the last header of the epoch before, which is
			// 5da6ba37a4a07df015c4ea92c880e3600d7f098b97e73816f8df04bbb5fad3b7.
			LastEpoch: NonceOf(hashOf(t, "4ec0f5a78431fdcc594eab7db91aff7dfd91c13cc93e9fbfe70cd15a86fadfb2")),
		},
	}
	v := verifier(t, Config{Network: ledger.Preprod, Require: VRF})
	var err error
	for _, h := range hs[1:] {
		if s, _, err = v.Verify(s, h); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Nonces.Active.String(); got != "b2853ec951e7ed91b674a47c8276189f414e22b19d61d9da0ac7490801e4bf0d" {
		t.Errorf("nonce of the next epoch is %s", got)
	}
}

// A real header of each era: what holds without the header before.
func TestRealHeaders(t *testing.T) {
	for _, r := range realchain.Headers {
		n := ledger.Mainnet
		if r.Network != n.Name {
			n = ledger.Preprod
		}
		h, err := n.ParseHeader(ledger.RawHeader{Era: ledger.Era(r.Era), EBB: r.Boundary, Bytes: r.Bytes()})
		if err != nil {
			t.Fatal(err)
		}
		v := verifier(t, Config{Network: n})
		checkAlone(t, v, before(n, &h), &h)
		h.Raw.Bytes[len(h.Raw.Bytes)-1] ^= 1
		changed, err := n.ParseHeader(h.Raw)
		if r.Boundary || err != nil {
			continue // nothing signs a boundary header
		}
		if _, _, err := v.Verify(before(n, &changed), &changed); err == nil {
			t.Errorf("%s, slot %d, with another signature: passes", r.Network, r.Slot)
		}
	}
}

// checkAlone verifies a header of which only the one before is known, by its hash.
func checkAlone(t *testing.T, v *Verifier, s State, h *ledger.Header) {
	t.Helper()
	want := Envelope | Certificate | KES
	if h.Raw.EBB {
		want = Envelope
	} else if h.Raw.Era == ledger.Byron {
		want = Envelope | Byron | GenesisKey
	}
	if _, made, err := v.Verify(s, h); err != nil || made != want {
		t.Errorf("%v, %v: %v was checked, want %v; %v", h.Raw.Era, h.Point(), made, want, err)
	}
}

// Single blocks of several networks: what holds without the block before.
func TestSingleBlocks(t *testing.T) {
	byron := stakeholders(t, "mainnet")
	eras := make(map[ledger.Era]int)
	for _, folder := range []string{"mainnet-blocks", "testnet-blocks"} {
		for _, raw := range testenv.Blocks(t, folder) {
			n := ledger.Mainnet
			if folder == "testnet-blocks" {
				n = ledger.Preview
			}
			b, err := n.ParseBlock(raw)
			if err != nil {
				t.Fatal(err)
			}
			h := &b.Header
			n = withEra(n, h)
			v := verifier(t, Config{Network: n, GenesisKeys: byron})
			s := before(n, h)
			checkAlone(t, v, s, h)
			eras[h.Raw.Era]++
		}
	}
	t.Logf("blocks by era: %v", eras)
}

// stakeholders reads the genesis keys of a Byron genesis file.
func stakeholders(t *testing.T, network string) map[PoolID]bool {
	var genesis struct{ BootStakeholders map[string]int }
	readJSON(t, &genesis, "genesis", network, "byron-genesis.json")
	keys := make(map[PoolID]bool)
	for s := range genesis.BootStakeholders {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		keys[PoolID(b)] = true
	}
	return keys
}

// The one real block of Dijkstra: certificate and KES signature, which is of a
// header body with the fields of Leios, hold.
func TestRealDijkstra(t *testing.T) {
	block, err := ledger.Preview.ParseBlock(realchain.Dijkstra())
	if err != nil {
		t.Fatal(err)
	}
	n := inEra(ledger.Preview, ledger.Dijkstra)
	v := verifier(t, Config{Network: n, MaxHeaderSize: 4000}) // other encodings are larger
	s := before(n, &block.Header)
	if _, made, err := v.Verify(s, &block.Header); err != nil || made != Envelope|Certificate|KES {
		t.Errorf("%v was checked, %v", made, err)
	}
	for _, other := range reencoded(t, v, &block.Header) {
		if _, _, err := v.Verify(s, other); err != nil {
			t.Errorf("%x: %v", other.Raw.Bytes, err)
		}
	}
	// The fields of Leios are signed: each other value is refused.
	raw := block.Header.Raw
	raw.Bytes = bytes.Replace(raw.Bytes, []byte{0x82, 0x0c, 0, 0xf4, 0xf6}, []byte{0x82, 0x0c, 0, 0xf5, 0xf6}, 1)
	changed, err := n.ParseHeader(raw)
	if err != nil || changed.Hash == block.Header.Hash {
		t.Fatalf("not changed, %v", err)
	}
	if _, _, err := v.Verify(s, &changed); !errors.Is(err, ErrKESSignature) {
		t.Errorf("with another field: %v", err)
	}
}

// before returns a state after which h can come.
func before(n ledger.Network, h *ledger.Header) State {
	if !h.HasPrev {
		return Origin(n)
	}
	s := State{Tip: ledger.Tip{Point: ledger.Point{Slot: h.Slot - 1, Hash: h.Prev}, BlockNo: h.BlockNo - 1}}
	if h.Raw.EBB {
		s.Tip.BlockNo = h.BlockNo
	}
	return s
}

// inEra makes a network that is in an era from slot 0 on.
func inEra(n ledger.Network, era ledger.Era) ledger.Network {
	for e := ledger.Shelley; e.Known(); e++ {
		n.Eras[e] = ledger.EraParams{EpochLength: n.Eras[e].EpochLength, SlotLength: n.Eras[e].SlotLength}
		if e > era {
			n.Eras[e].Start = ledger.Never
		}
	}
	return n
}

// withEra returns the network, which must be in h's era at its slot; some of the
// single blocks are of networks that nothing else is known of.
func withEra(n ledger.Network, h *ledger.Header) ledger.Network {
	if n.EraAt(h.Slot) == h.Raw.Era {
		return n
	}
	return inEra(n, h.Raw.Era)
}

// A saved state is as good as the one that was not, at any header.
func TestSavedStates(t *testing.T) {
	hs := headers(t, ledger.Preview, "preview-immutable", 600)
	v := verifier(t, Config{Network: ledger.Preview})
	s := Origin(ledger.Preview)
	for _, h := range hs {
		b, err := s.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var again State
		if err := again.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		fromSaved, _, err := v.Verify(again, h)
		if err != nil {
			t.Fatal(err)
		}
		if s, _, err = v.Verify(s, h); err != nil {
			t.Fatal(err)
		}
		x, _ := fromSaved.MarshalBinary()
		y, _ := s.MarshalBinary()
		if !bytes.Equal(x, y) {
			t.Fatalf("after header %v: state %x, from the saved one %x", h.Point(), y, x)
		}
	}
}

// A real header with any byte changed does not pass.
func TestChangedHeaders(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, folder := range []string{"preview-immutable", "preview-immutable-late"} {
		hs := headers(t, ledger.Preview, folder, 0)
		v := verifier(t, Config{Network: ledger.Preview})
		s := Origin(ledger.Preview)
		if folder == "preview-immutable-late" {
			s = lateState(t, hs[0])
		}
		for i, h := range hs {
			if *everyByte == 0 || i%10 == 0 {
				refusesChanges(t, v, s, h, *everyByte, r)
			}
			var err error
			if s, _, err = v.Verify(s, h); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Every block of preview's epoch 0 is in an overlay slot of the genesis delegate
// that made it.
func TestPreviewOverlay(t *testing.T) {
	c, d, err := LoadConfig(filepath.Join(testenv.ChainData(t), "genesis", "preview"))
	if err != nil {
		t.Fatal(err)
	}
	c.Stake, c.Require = epochZero{d}, Leadership
	v := verifier(t, c)
	s := Origin(c.Network)
	n := 0
	for _, h := range headers(t, c.Network, "preview-immutable", 5000) {
		next, _, err := v.Verify(s, h)
		if errors.Is(err, ErrUnchecked) && c.Network.Epoch(h.Slot) == 1 {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		s, n = next, n+1
	}
	if s.Epoch != 0 || n < 4000 {
		t.Errorf("checked %d headers", n)
	}
	t.Logf("%d overlay slots", n)

	// A delegate less, and most slots are another's.
	d.Delegates = d.Delegates[1:]
	if _, _, err := v.Verify(Origin(c.Network), headers(t, c.Network, "preview-immutable", 1)[0]); !errors.Is(err, ErrOverlay) {
		t.Error(err)
	}
}
