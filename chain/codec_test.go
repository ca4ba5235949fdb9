package chain

import (
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/ledger"
)

func hash(b byte) (h ledger.Hash) {
	for i := range h {
		h[i] = b
	}
	return h
}

// Two points, two tips and two headers that use all there is to encode.
var (
	pointA = ledger.Point{Slot: 7, Hash: hash(0xaa)}
	pointB = ledger.Point{Slot: 1 << 40, Hash: hash(0xbb)}
	tipA   = ledger.Tip{Point: pointA, BlockNo: 3}
	tipB   = ledger.Tip{Point: pointB, BlockNo: 1 << 33}

	firstHeader = ledger.Header{
		Raw:  ledger.RawHeader{Era: ledger.Byron, EBB: true, SizeHint: 1<<32 - 1, Bytes: []byte{0x80}},
		Hash: hash(1), BodyHash: hash(2),
	}
	laterHeader = ledger.Header{
		Raw:  ledger.RawHeader{Era: ledger.Conway, Bytes: []byte("bytes")},
		Hash: hash(3), Slot: 1<<64 - 1, BlockNo: 300, Prev: hash(1), HasPrev: true,
		BodyHash: hash(4), BodySize: 90_000,
	}
)

// allEvents has every type of event.
var allEvents = []Event{
	PeerConnected{1, 30, 0},
	PeerConnected{2, 30, 9},
	PeerGone{1 << 63},
	Intersected{2, pointA, tipB},
	NoIntersection{2, ledger.Tip{}},
	Headers{3, []ledger.Header{firstHeader, laterHeader}, tipA},
	Headers{3, nil, tipA},
	RolledBack{4, ledger.Origin, tipA},
	BadHeader{5, pointB, errors.New("bad signature")},
	BadHeader{5, pointB, nil},
	BlockFetched{6, 7, pointA, 90_000},
	RangeDone{6, 7},
	NoBlocks{6, 8},
	FetchFailed{6, 9},
	Judged{pointA, Valid, 0, nil},
	Judged{pointA, Impossible, 0, errors.New("spends what is not there")},
	Judged{pointB, Later, 3 * time.Second, nil},
	Consumed{90_000},
	Tick{},
}

var fullConfig = Config{
	K: 432, Anchor: tipA, Adopted: []ledger.Header{firstHeader, laterHeader}, Points: []ledger.Point{pointB, ledger.Origin},
	MaxLead: 1, MaxSideHeaders: 2, MaxBytes: 3, MaxRangeBlocks: 4, MaxRanges: 5, FetchPeers: 6, MaxRefusals: 7,
	MaxGap: 8, StallTimeout: 9, Salt: 1<<64 - 1, Judge: true,
}

// allEffects has every type of effect and of error.
var allEffects = []Effect{
	FindIntersect{1, []ledger.Point{pointA, ledger.Origin}},
	RequestHeaders{2, 300},
	StopChainSync{3, ErrNoIntersect, time.Minute},
	StopChainSync{3, ErrRolledBackTooFar, time.Minute},
	StopChainSync{3, ErrCrowdedOut, time.Minute},
	Disconnect{4, &LinkError{Header: tipA, Parent: tipB, Prev: hash(5), Rule: "what should hold"}},
	Disconnect{4, &IntersectionError{pointA, []ledger.Point{pointB}}},
	Disconnect{4, &HeaderError{pointA, errors.New("bad signature")}},
	Disconnect{4, &UnavailableError{pointA, 5}},
	Disconnect{4, &RangeError{pointA, pointB}},
	Disconnect{4, &InvalidBlockError{pointB, errors.New("too large")}},
	StopChainSync{3, ErrInvalidChain, time.Minute},
	Disconnect{4, errors.New("other")},
	Disconnect{4, nil},
	Fetch{5, 6, []*ledger.Header{&firstHeader, &laterHeader}, 7},
	CancelFetch{5, 6},
	Adopt{&laterHeader, 90_000},
	RollBack{tipB},
	Immutable{tipA},
	Forget{pointA},
	Judge{&laterHeader, tipA, true},
}

func TestInputsRoundTrip(t *testing.T) {
	var inputs [][]byte
	for i, ev := range allEvents {
		want := Input{Now: time.Duration(i) << 40, Event: ev}
		b := AppendEvent(nil, want.Now, ev)
		inputs = append(inputs, b)
		if got, err := ParseInput(b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%T: got %+v, %v", ev, got, err)
		}
	}
	b := AppendConfig(nil, &fullConfig)
	inputs = append(inputs, b)
	if got, err := ParseInput(b); err != nil || !reflect.DeepEqual(got, Input{Config: &fullConfig}) {
		t.Errorf("got %+v, %v", got.Config, err)
	}
	for _, b := range inputs {
		for n := range b {
			if in, err := ParseInput(b[:n]); err == nil {
				t.Fatalf("%d of %d bytes are %+v", n, len(b), in)
			}
		}
		if in, err := ParseInput(append(b, 0)); err == nil {
			t.Errorf("a byte more is %+v", in)
		}
	}
}

// What is parsed does not hang on the bytes that it was parsed from.
func TestParsedInputIsItsOwn(t *testing.T) {
	b := AppendEvent(nil, 0, Headers{Peer: 1, Headers: []ledger.Header{laterHeader}})
	in, err := ParseInput(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	if got := in.Event.(Headers).Headers[0]; !reflect.DeepEqual(got, laterHeader) {
		t.Errorf("got %+v", got)
	}
}

// A default that changes one day does not change what was recorded before.
func TestConfigIsWrittenWithDefaults(t *testing.T) {
	in, err := ParseInput(AppendConfig(nil, &Config{K: 5}))
	if err != nil {
		t.Fatal(err)
	}
	if cfg := in.Config; cfg.MaxLead != DefaultMaxLead || cfg.StallTimeout != DefaultStallTimeout || cfg.MaxRanges == 0 {
		t.Errorf("got %+v", cfg)
	}
}

func TestNegativeIsZero(t *testing.T) {
	if got, want := AppendEvent(nil, -1, Consumed{-2}), AppendEvent(nil, 0, Consumed{}); string(got) != string(want) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// TestGoldenEncoding holds the encoding to what recordings have in them.
func TestGoldenEncoding(t *testing.T) {
	a, b := "5820"+repeat("aa"), "5820"+repeat("bb")
	for _, test := range []struct {
		got  []byte
		want string
	}{
		{AppendEvent(nil, 1000, PeerConnected{1, 30, 0}), "8501" + "1903e8" + "01" + "181e" + "00"},
		{AppendEvent(nil, 1000, PeerConnected{1, 30, 9}), "8501" + "1903e8" + "01" + "181e" + "09"},
		{AppendEvent(nil, 0, Intersected{2, pointA, tipA}), "850300028207" + a + "828207" + a + "03"},
		{AppendEvent(nil, 0, BadHeader{5, pointA, errors.New("bad")}), "850700058207" + a + "63626164"},
		{AppendEvent(nil, 0, Tick{}), "820d00"},
		{
			AppendEvent(nil, 0, Headers{3, []ledger.Header{firstHeader}, ledger.Tip{}}),
			"85050003" + "818a00f51affffffff4180" + "5820" + repeat("01") + "0000f6" + "5820" + repeat("02") + "00" + "828000",
		},
		{
			AppendConfig(nil, &Config{K: 5, Salt: 9}),
			"8f0005" + "82800080" + "80" + "192000" + "198000" + "1a02000000" + "1903e8" + "10" + "00" + "05" + "00" + "1b00000002540be400" + "09",
		},
		{
			AppendConfig(nil, &Config{K: 5, Salt: 9, Judge: true}),
			"900005" + "82800080" + "80" + "192000" + "198000" + "1a02000000" + "1903e8" + "10" + "00" + "05" + "00" + "1b00000002540be400" + "09" + "f5",
		},
		{AppendEvent(nil, 0, Judged{pointA, Invalid, 5, errors.New("bad")}), "860e00" + "8207" + a + "02" + "05" + "63626164"},
		{AppendEffects(nil, []Effect{Judge{&laterHeader, tipA, true}}), "81840b" + "821bffffffffffffffff5820" + repeat("03") + "828207" + a + "03" + "f5"},
		{AppendEffects(nil, nil), "80"},
		{AppendEffects(nil, []Effect{RequestHeaders{1, 9}, Forget{pointB}}), "82" + "83020109" + "820a" + "821b0000010000000000" + b},
		{AppendEffects(nil, []Effect{Disconnect{4, &RangeError{Got: pointA}}}), "81830404" + "8308" + "80" + "8207" + a},
		{AppendEffects(nil, []Effect{StopChainSync{4, ErrCrowdedOut, 5}}), "81840304" + "8103" + "05"},
	} {
		if got := hex.EncodeToString(test.got); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func repeat(digits string) (s string) {
	for range 32 {
		s += digits
	}
	return s
}

// Effects that differ have encodings that differ.
func TestEffectsAreTold(t *testing.T) {
	seen := map[string]string{}
	for _, e := range append([]Effect{RequestHeaders{2, 301}, RollBack{tipA}, Immutable{tipB}, Forget{pointB}, Adopt{&firstHeader, 90_000},
		CancelFetch{6, 5}, Disconnect{4, &RangeError{pointB, pointA}}, Disconnect{4, &UnavailableError{pointA, 6}}, StopChainSync{3, ErrCrowdedOut, time.Hour}}, allEffects...) {
		b, text := string(AppendEffects(nil, []Effect{e})), fmt.Sprintf("%#v", e)
		if other, ok := seen[b]; ok {
			t.Errorf("%s is as %s", text, other)
		}
		seen[b] = text
	}
}

// How an error is worded is nothing that a core decides.
func TestWordingIsNotEncoded(t *testing.T) {
	one := AppendEffects(nil, []Effect{Disconnect{4, &LinkError{Header: tipA, Rule: "a rule"}}, Disconnect{4, &HeaderError{pointA, errors.New("bad")}}})
	two := AppendEffects(nil, []Effect{Disconnect{4, &LinkError{Header: tipA, Rule: "a law"}}, Disconnect{4, &HeaderError{pointA, nil}}})
	if string(one) != string(two) {
		t.Errorf("%x and %x", one, two)
	}
}

// However long an error is, a record has room for it.
func TestReasonIsClipped(t *testing.T) {
	b := AppendEvent(nil, 0, BadHeader{1, pointA, errors.New(strings.Repeat("x", 1<<21))})
	if in, err := ParseInput(b); err != nil || len(in.Event.(BadHeader).Err.Error()) != 1<<16-1 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestEncodingAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 1<<16)
	if n := testing.AllocsPerRun(10, func() {
		for _, ev := range allEvents {
			AppendEvent(buf, time.Hour, ev)
		}
		AppendEffects(buf, allEffects)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
