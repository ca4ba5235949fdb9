package praos

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/ledger"
)

// headerCase is a header that the Haskell consensus code made, with one thing
// wrong or none.
type headerCase struct {
	Title    string
	Expected json.RawMessage
	Header   string
	Context  struct {
		ActiveSlotCoeff        json.Number
		Nonce                  string
		PraosMaxKESEvo         uint64
		PraosSlotsPerKESPeriod uint64
		OcertCounters          map[string]uint64
		VRFVKeyHash            string
	}
	LedgerState json.RawMessage
}

// alsoWrong are cases of which two things are wrong. Certificate, period and
// signature come before VRF and stake here, as in the Haskell code; the tool
// that wrote down the verdicts checks VRF and stake first.
var alsoWrong = map[string]bool{
	"haskell vector 77 (MutateKESPeriodBefore)": true,
	"VRF proof: c/s response bytes scrambled":   true,
}

func TestHeaderCases(t *testing.T) {
	var cases []headerCase
	readJSON(t, &cases, "vectors", "praos-headers", "header-test-cases-even.json")
	verdicts := make(map[string]int)
	for _, c := range cases {
		var want struct{ Error string }
		json.Unmarshal(c.Expected, &want) // fails for "pass"
		if want.Error == "PoolError" {
			continue // about a ledger that fails, not about the header
		}
		err := runCase(t, c)
		got := verdict(err)
		if alsoWrong[c.Title] {
			t.Logf("%s: %v comes before %q", c.Title, err, want.Error)
			got = verdict(laterChecks(t, c))
		}
		if got != want.Error {
			t.Errorf("%s: %v (%s), want %q", c.Title, err, got, want.Error)
		}
		verdicts[want.Error]++
	}
	t.Logf("verdicts: %v", verdicts)
}

// verdict names an error as the cases do.
func verdict(err error) string {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrCounterLow):
		return "SequenceNumberTooSmall"
	case errors.Is(err, ErrCounterHigh):
		return "SequenceNumberTooFarAhead"
	case errors.Is(err, ErrKESEarly):
		return "OpCertKesPeriodTooLarge"
	case errors.Is(err, ErrKESLate):
		return "OpCertKesPeriodTooOld"
	case errors.Is(err, ErrKESSignature):
		return "InvalidKesSignature"
	case errors.Is(err, ErrCertificate):
		return "InvalidSignature"
	case errors.Is(err, ErrRegisteredKey):
		return "KnownLeaderVrf"
	case errors.Is(err, ErrVRFProof):
		return "VrfProof(InvalidProof"
	case errors.Is(err, ErrVRFBound), errors.Is(err, ErrLeader):
		return "InsufficientLeaderStake"
	case errors.As(err, &e):
		return e.Kind.Error()
	}
	return "VrfProof(TryFromSliceError)" // a field of the wrong size is not parsed at all
}

func runCase(t *testing.T, c headerCase) error {
	t.Helper()
	v, s, h, err := setUp(t, c)
	if err != nil {
		return err
	}
	_, _, err = v.Verify(s, h)
	return err
}

// laterChecks makes only the checks that come after the KES signature.
func laterChecks(t *testing.T, c headerCase) error {
	t.Helper()
	v, s, h, err := setUp(t, c)
	if err != nil {
		return err
	}
	j := &Job{v: v, header: h, nonce: s.Nonces.Active}
	j.shelley, _ = h.Shelley()
	j.issuer = v.issuers.get([32]byte(j.shelley.Issuer))
	for _, check := range []func() error{j.verifyVRF, j.verifyBound, j.verifyLeader} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func setUp(t *testing.T, c headerCase) (*Verifier, State, *ledger.Header, error) {
	t.Helper()
	n := inEra(ledger.Preview, ledger.Babbage)
	n.SlotsPerKESPeriod, n.MaxKESEvolutions = c.Context.PraosSlotsPerKESPeriod, c.Context.PraosMaxKESEvo
	n.ActiveSlots = ratio(t, c.Context.ActiveSlotCoeff)
	b, err := hex.DecodeString(c.Header)
	if err != nil {
		t.Fatal(err)
	}
	h, err := n.ParseHeader(ledger.RawHeader{Era: ledger.Conway, Bytes: b})
	if err != nil {
		return nil, State{}, nil, err
	}
	s := before(n, &h)
	s.Epoch, s.Known = n.Epoch(h.Slot), EpochNonce
	s.Nonces.Active = NonceOf(hashOf(t, c.Context.Nonce))
	s.Counters, s.AllCounters = CounterMap{}, true
	pools := make(map[PoolID]Pool)
	for id, n := range c.Context.OcertCounters {
		b, err := hex.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		s.Counters = s.Counters.With(PoolID(b), n)
		pools[PoolID(b)] = Pool{Stake: ledger.Ratio{Num: 1, Den: 1}, VRFKey: hashOf(t, c.Context.VRFVKeyHash)}
	}
	shelley, _ := h.Shelley()
	if id := PoolIDOf(shelley.Issuer); pools[id] == (Pool{}) {
		pools[id] = Pool{Stake: ledger.Ratio{Num: 1, Den: 1}, VRFKey: hashOf(t, c.Context.VRFVKeyHash)}
	}
	return verifier(t, Config{Network: n, Stake: oneDistribution{Pools: pools}, MaxBodySize: 1 << 31, Require: Leadership | VRF}), s, &h, nil
}

// oneDistribution is the same stake in all epochs.
type oneDistribution Distribution

func (d oneDistribution) Distribution(uint64) *Distribution { return (*Distribution)(&d) }

func ratio(t *testing.T, s json.Number) ledger.Ratio {
	t.Helper()
	_, digits, _ := strings.Cut(string(s), ".")
	r := ledger.Ratio{Den: 1}
	for _, d := range digits {
		r.Num, r.Den = 10*r.Num+uint64(d-'0'), 10*r.Den
	}
	return r
}

// A tree of headers with the stake of the 16 pools that made them.
func TestSyntheticTree(t *testing.T) {
	var tree struct {
		Context    struct{ Nonce string }
		StakePools struct {
			Chains []struct {
				Hash, Header string
				Parent       *string
			}
		}
	}
	readJSON(t, &tree, "vectors", "praos-headers", "synthetic-chain-48.json")
	var stake []struct {
		PoolID          string
		IndividualStake struct {
			IndividualPoolStake    struct{ Numerator, Denominator uint64 }
			IndividualPoolStakeVRF string
		}
	}
	readJSON(t, &stake, "vectors", "praos-headers", "synthetic-chain-48-stake.json")
	pools := make(map[PoolID]Pool)
	for _, s := range stake {
		b, err := hex.DecodeString(s.PoolID)
		if err != nil {
			t.Fatal(err)
		}
		share := s.IndividualStake.IndividualPoolStake
		pools[PoolID(b)] = Pool{Stake: ledger.Ratio{Num: share.Numerator, Den: share.Denominator}, VRFKey: hashOf(t, s.IndividualStake.IndividualPoolStakeVRF)}
	}
	n := inEra(ledger.Preview, ledger.Babbage)
	n.SlotsPerKESPeriod, n.MaxKESEvolutions = 2048, 63
	all := Envelope | Certificate | KES | VRF | Bound | Leadership
	v := verifier(t, Config{Network: n, Stake: oneDistribution{Pools: pools}, Require: all})
	states := make(map[string]State)
	for _, node := range tree.StakePools.Chains {
		b, err := hex.DecodeString(node.Header)
		if err != nil {
			t.Fatal(err)
		}
		h, err := n.ParseHeader(ledger.RawHeader{Era: ledger.Babbage, Bytes: b})
		if err != nil {
			t.Fatal(err)
		}
		var s State
		if node.Parent == nil {
			// It names no parent and has number 1, which no envelope takes.
			h.HasPrev = true
			s = State{Tip: ledger.Tip{BlockNo: h.BlockNo - 1, Point: ledger.Point{Slot: h.Slot - 1, Hash: h.Prev}}, Known: EpochNonce}
			s.Nonces.Active = NonceOf(hashOf(t, tree.Context.Nonce))
		} else {
			s = states[*node.Parent]
		}
		next, made, err := v.Verify(s, &h)
		if err != nil || made != all {
			t.Fatalf("checked %v, %v", made, err)
		}
		if got := h.Hash.String(); got != node.Hash {
			t.Errorf("header has hash %s, want %s", got, node.Hash)
		}
		states[node.Hash] = next

		// With a thousandth of the stake they would not lead.
		poor := make(map[PoolID]Pool)
		for id, p := range pools {
			p.Stake.Den *= 100_000
			poor[id] = p
		}
		_, _, err = verifier(t, Config{Network: n, Stake: oneDistribution{Pools: poor}}).Verify(s, &h)
		if !errors.Is(err, ErrLeader) {
			t.Errorf("with next to no stake: %v", err)
		}
	}
	if len(states) != 48 {
		t.Errorf("%d headers", len(states))
	}
}

// What two nodes of a private network served over chain-sync while they
// disagreed. Its genesis is not known.
func TestForkCaptures(t *testing.T) {
	for _, file := range []string{"fork_and_select_v1.json", "slot_battle_v1.json"} {
		var doc struct {
			Capture struct {
				Peers []struct {
					Served []struct {
						MsgType   string `json:"msg_type"`
						HeaderHex string `json:"header_cbor"`
						Point     struct{ Hash string }
					}
				}
			}
		}
		readJSON(t, &doc, "vectors", "fork-captures", file)
		n := inEra(ledger.Preview, ledger.Conway)
		n.SecurityParam, n.ActiveSlots = 6, ledger.Ratio{Num: 2, Den: 5}
		v := verifier(t, Config{Network: n})
		for i, peer := range doc.Capture.Peers {
			states := map[string]State{"": {Counters: CounterMap{}, AllCounters: true}}
			s, count := states[""], 0
			for _, m := range peer.Served {
				if m.MsgType != "roll_forward" {
					s = states[m.Point.Hash]
					continue
				}
				b, err := hex.DecodeString(m.HeaderHex)
				if err != nil {
					t.Fatal(err)
				}
				h, err := n.ParseHeader(ledger.RawHeader{Era: ledger.Conway, Bytes: b})
				if err != nil {
					t.Fatal(err)
				}
				next, made, err := v.Verify(s, &h)
				if err != nil || made != Envelope|Certificate|KES {
					t.Fatalf("%s, peer %d: checked %v, %v", file, i, made, err)
				}
				s = next
				states[h.Hash.String()] = s
				count++
			}
			t.Logf("%s: %d headers of peer %d", file, count, i)
		}
	}
}
