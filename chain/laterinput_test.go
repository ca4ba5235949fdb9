package chain

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
)

// longer returns an array with items added behind its own, and behind the fields that
// a Config may leave out.
func longer(tb testing.TB, array []byte, items ...[]byte) []byte {
	r := cbor.NewReader(array)
	n := r.Array()
	if r.Err() != nil {
		tb.Fatal(r.Err())
	}
	if n == lenConfig && r.Rest()[0] == kindConfig {
		items = slices.Concat([][]byte{cbor.AppendBool(nil, false)}, items)
	}
	return slices.Concat(cbor.AppendArray(nil, n+len(items)), r.Rest(), slices.Concat(items...))
}

// later is the input as a later version might write it: with fields behind those
// of the input and of its headers. It returns how many there are.
func later(tb testing.TB, random *rand.Rand, input []byte, headers []ledger.Header) ([]byte, int) {
	fields := 0
	more := func(array []byte) []byte {
		var items [][]byte
		for range 1 + random.IntN(3) {
			items = append(items, item(random, 3))
		}
		fields += len(items)
		return longer(tb, array, items...)
	}
	for i := range headers {
		if random.IntN(2) == 0 {
			one := appendHeader(nil, &headers[i])
			input = bytes.Replace(input, one, more(one), 1)
		}
	}
	return more(input), fields
}

// item is any CBOR item.
func item(random *rand.Rand, depth int) []byte {
	kinds := 9
	if depth == 0 {
		kinds = 5
	}
	some := make([]byte, random.IntN(30))
	switch random.IntN(kinds) {
	case 0:
		return cbor.AppendUint(nil, random.Uint64()>>random.IntN(64))
	case 1:
		return cbor.AppendBytes(nil, some)
	case 2:
		return cbor.AppendText(nil, string(some))
	case 3:
		return cbor.AppendNull(nil)
	case 4:
		return cbor.AppendBool(nil, true)
	case 5: // a map
		return slices.Concat([]byte{0xa1}, item(random, depth-1), item(random, depth-1))
	case 6: // a tag
		return slices.Concat([]byte{0xd8, 0x18}, item(random, depth-1))
	case 7: // an array without length
		return slices.Concat([]byte{0x9f}, item(random, depth-1), item(random, depth-1), []byte{0xff})
	}
	b := cbor.AppendArray(nil, 2)
	return slices.Concat(b, item(random, depth-1), item(random, depth-1))
}

// unknownEvent is an event of a kind that there is not.
func unknownEvent(random *rand.Rand, now time.Duration) (kind uint64, input []byte) {
	kind = kindJudged + 1 + random.Uint64N(1000)
	n := random.IntN(4)
	input = appendInt(cbor.AppendMessage(nil, 2+n, kind), now)
	for range n {
		input = append(input, item(random, 3)...)
	}
	return kind, input
}

// headersIn are the headers that an input holds.
func headersIn(in Input) []ledger.Header {
	if in.Config != nil {
		return in.Config.Adopted
	}
	h, _ := in.Event.(Headers)
	return h.Headers
}

// Whatever a later version adds to a stream of inputs, behind the fields and
// between the events, the known events are read the same and decided the same,
// and each addition is named.
func TestLaterInputs(t *testing.T) {
	for seed := range uint64(10) {
		random := rand.New(rand.NewPCG(seed, 0))
		plain, r := new(Replayer), new(Replayer)
		for i, s := range story(t, seed, 200) {
			known, err := ParseInput(s.input)
			if err != nil || known.Unknown != nil {
				t.Fatal(known.Unknown, err)
			}
			if i > 0 && random.IntN(4) == 0 {
				kind, input := unknownEvent(random, known.Now)
				in, err := ParseInput(input)
				if want := (Input{Now: known.Now, Unknown: &UnknownInputError{Kind: kind}}); err != nil || !reflect.DeepEqual(in, want) {
					t.Fatalf("step %d: %x is read as %+v, %v", i, input, in, err)
				}
				var unknown *UnknownInputError
				effects, err := r.Step(input)
				if effects != nil || !errors.As(err, &unknown) || *unknown != *in.Unknown || !errors.Is(err, errors.ErrUnsupported) {
					t.Fatalf("step %d: an unknown event gives %x, %v", i, effects, err)
				}
			}
			input, fields := later(t, random, s.input, headersIn(known))
			in, err := ParseInput(input)
			if err != nil || in.Unknown == nil || in.Unknown.Fields != fields {
				t.Fatalf("step %d: %d fields: %+v, %v", i, fields, in.Unknown, err)
			}
			unknown := *in.Unknown
			if in.Unknown = nil; !reflect.DeepEqual(in, known) {
				t.Fatalf("step %d: with %d fields more, %+v is read as %+v", i, fields, known, in)
			}
			want, err := plain.Step(s.input)
			if err != nil {
				t.Fatal(err)
			}
			effects, err := r.Step(input)
			var got *UnknownInputError
			if !bytes.Equal(effects, want) || !errors.As(err, &got) || *got != unknown || !errors.Is(err, errors.ErrUnsupported) {
				t.Fatalf("step %d: got %x, %v, want %x", i, effects, err, want)
			}
		}
	}
}

// The additions of a later version, in bytes. What is not whole is damaged, and
// no addition.
func TestLaterInputBytes(t *testing.T) {
	config := AppendConfig(nil, &Config{K: 5})
	tick := AppendEvent(nil, 7, Tick{})
	for _, test := range []struct {
		name string
		b    []byte
		want *UnknownInputError // nil: damaged
	}{
		{"a field", longer(t, config, []byte{5}), &UnknownInputError{kindConfig, 1}},
		{"many fields", longer(t, config, slices.Repeat([][]byte{{0xf6}}, 300)...), &UnknownInputError{kindConfig, 300}},
		{"a field of a tick", []byte{0x83, kindTick, 7, 0x80}, &UnknownInputError{kindTick, 1}},
		{"kind", []byte{0x82, kindJudged + 1, 7}, &UnknownInputError{Kind: kindJudged + 1}},
		{"highest kind", slices.Concat([]byte{0x83, 0x1b}, bytes.Repeat([]byte{0xff}, 8), []byte{7, 1}), &UnknownInputError{Kind: 1<<64 - 1}},
		{"a field too few", slices.Concat([]byte{config[0] - 1}, config[1:len(config)-1]), nil},
		{"a field that the head does not count", slices.Concat([]byte{config[0] - 1}, config[1:]), nil},
		{"an event's field that the head does not count", []byte{0x83, kindPeerConnected, 7, 1, 9}, nil},
		{"a field that is not there", slices.Concat([]byte{config[0] + 1}, config[1:]), nil},
		{"a field that is cut off", longer(t, config, []byte{0x42, 1}), nil},
		{"a field that is no item", longer(t, config, []byte{0xff}), nil},
		{"known field of another type", []byte{0x83, kindTick, 0x40, 1}, nil},
		{"a byte behind", append(longer(t, tick, []byte{5}), 0), nil},
		{"kind without a time", []byte{0x81, kindJudged + 1}, nil},
		{"kind with a time that is none", []byte{0x82, kindJudged + 1, 0x40}, nil},
		{"kind with a byte behind", []byte{0x82, kindJudged + 1, 7, 0}, nil},
		{"kind below zero", []byte{0x82, 0x20, 7}, nil},
		{"nothing", nil, nil},
	} {
		in, err := ParseInput(test.b)
		if test.want == nil {
			if !errors.As(err, new(*InputError)) || errors.Is(err, errors.ErrUnsupported) || !reflect.DeepEqual(in, Input{}) {
				t.Errorf("%s: %+v, %v, want an InputError", test.name, in, err)
			}
		} else if err != nil || in.Unknown == nil || *in.Unknown != *test.want {
			t.Errorf("%s: %+v, %v, want %+v", test.name, in.Unknown, err, test.want)
		}
	}
	// A header is no shorter, either.
	short := AppendEvent(nil, 7, Headers{1, []ledger.Header{firstHeader}, tipA})
	one := appendHeader(nil, &firstHeader)
	for _, fewer := range [][]byte{one[1:], one[1 : len(one)-1]} {
		b := bytes.Replace(short, one, slices.Concat([]byte{one[0] - 1}, fewer), 1)
		if in, err := ParseInput(b); !errors.As(err, new(*InputError)) {
			t.Errorf("a header with a field too few: %+v, %v", in, err)
		}
	}
}

// An event that is not known does not begin a core.
func TestLaterInputFirst(t *testing.T) {
	if effects, err := new(Replayer).Step([]byte{0x82, kindJudged + 1, 7}); !errors.Is(err, ErrNoConfig) {
		t.Errorf("%x, %v", effects, err)
	}
}

// FuzzLaterInput adds a field and an event of a later version to any input: both
// are left out and named, or the bytes are damaged.
func FuzzLaterInput(f *testing.F) {
	for i, ev := range allEvents {
		f.Add(AppendEvent(nil, 1, ev), cbor.AppendUint(nil, uint64(i)), uint64(i))
	}
	f.Add(AppendConfig(nil, &fullConfig), []byte{0x9f, 0xa1, 1, 0xd8, 0x18, 0x41, 0, 0xff}, uint64(1<<63))
	f.Fuzz(func(t *testing.T, b, field []byte, kind uint64) {
		r := cbor.NewReader(field)
		r.Raw()
		whole := r.Close() == nil

		// read returns what is read of an input, if the field in it is whole.
		read := func(input []byte) (in Input, ok bool) {
			in, err := ParseInput(input)
			if whole != (err == nil) || err != nil && !errors.As(err, new(*InputError)) {
				t.Fatalf("%x with %x: %v", input, field, err)
			}
			return in, err == nil
		}
		kind = max(kind, kindJudged+1)
		event := slices.Concat(appendInt(cbor.AppendMessage(nil, 3, kind), 5), field)
		if in, ok := read(event); ok && !reflect.DeepEqual(in, Input{Now: 5, Unknown: &UnknownInputError{Kind: kind}}) {
			t.Fatalf("%x is read as %+v", event, in)
		}

		known, err := ParseInput(b)
		if _, ok := known.Event.(PeerConnected); ok { // which may lack a field that is known
			b = AppendEvent(nil, known.Now, known.Event)
			known, err = ParseInput(b)
		}
		if err != nil {
			if !errors.As(err, new(*InputError)) {
				t.Fatalf("%x: %v", b, err)
			}
			return
		}
		before := known.Unknown
		got, ok := read(longer(t, b, field))
		switch {
		case !ok:
			return
		case before != nil && before.Fields == 0: // a kind is unknown, however many fields it has
			before = &UnknownInputError{Kind: before.Kind, Fields: -1}
		case before == nil:
			before = &UnknownInputError{Kind: got.Unknown.Kind}
		}
		if want := (UnknownInputError{before.Kind, before.Fields + 1}); *got.Unknown != want {
			t.Fatalf("%x with %x leaves out %+v, want %+v", b, field, got.Unknown, want)
		}
		if got.Unknown, known.Unknown = nil, nil; !reflect.DeepEqual(got, known) {
			t.Fatalf("%x is read as %+v, with %x as %+v", b, known, field, got)
		}
	})
}

func TestUnknownInputText(t *testing.T) {
	for want, err := range map[string]error{
		"chain: inputs of kind 77 are not known here: a later version wrote it":                    &UnknownInputError{Kind: 77},
		"chain: an input of kind 3 has 2 fields that are not known here: a later version wrote it": &UnknownInputError{3, 2},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
