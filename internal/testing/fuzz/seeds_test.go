package fuzz_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/internal/testing/fuzz"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
	"github.com/ouronet/ouronet/txsubmission"
)

var update = flag.Bool("update", false, "make the recorded seeds of all packages anew")

// prefix begins the names of files that are made here.
const prefix = "recorded-"

// theirs is in the names of those that another implementation had a part in.
const theirs = "theirs-"

// folders are the packages of the mini-protocols.
var folders = map[uint16]string{0: "handshake", 2: "chainsync", 3: "blockfetch", 4: "txsubmission", 8: "keepalive", 10: "peersharing"}

// corpus is seeds by target, "package/FuzzTarget", and name.
type corpus map[string]map[string][]byte

func (c corpus) add(target, name string, args ...any) {
	if c[target] == nil {
		c[target] = make(map[string][]byte)
	}
	c[target][prefix+name] = fuzz.Entry(args...)
}

func TestUpdate(t *testing.T) {
	if !*update {
		t.Skip("makes seeds with -update")
	}
	ours, recorded := record(t)
	made := make(corpus)
	made.messages("", ours)
	made.messages(theirs, recorded)
	headers(made, ours)
	wires(made, ours)
	for target, files := range made {
		dir := folder(target)
		old, _ := filepath.Glob(filepath.Join(dir, prefix+"*"))
		for _, name := range old {
			os.Remove(name)
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		for name, file := range files {
			if err := os.WriteFile(filepath.Join(dir, name), file, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func folder(target string) string {
	pkg, name := filepath.Split(target)
	return filepath.Join("../../..", pkg, "testdata", "fuzz", name)
}

// sample is a recorded message.
type sample struct {
	protocol uint16
	from     protocol.Role
	raw      []byte
	label    string // "refused" if it is no message
	msg      protocol.Message
}

// read decodes a message as the first one of a side that fits.
func read(spec *protocol.Spec, from protocol.Role, raw []byte) sample {
	s := sample{spec.ID, from, raw, "refused", nil}
	for _, state := range spec.States {
		for _, e := range state.Edges {
			if state.Agency != from {
				continue
			}
			if msg, err := e.Msg.Decode(raw); err == nil {
				s.msg, s.label = msg, msg.Label()
				return s
			}
		}
	}
	return s
}

// name is what a seed's name begins with.
func (s *sample) name() string { return s.from.String() + "-" + s.label }

const (
	maxSeed  = 3000 // bytes
	maxLabel = 3    // seeds with a label
)

// samples picks messages of each label: the shortest, the longest that is not
// too long, and one in between.
func samples(all []conversation) (picked []sample) {
	byName := make(map[string][]sample)
	for _, spec := range conformance.Protocols() {
		for _, c := range all {
			for _, from := range []protocol.Role{protocol.Initiator, protocol.Responder} {
				for _, raw := range messages(c.streams[stream{protocol: spec.ID, from: from}]) {
					if s := read(spec, from, raw); len(raw) <= maxSeed {
						key := spec.Name + s.name()
						byName[key] = append(byName[key], s)
					}
				}
			}
		}
	}
	for _, list := range byName {
		slices.SortStableFunc(list, func(a, b sample) int {
			return cmp.Or(len(a.raw)-len(b.raw), slices.Compare(a.raw, b.raw))
		})
		list = slices.CompactFunc(list, func(a, b sample) bool { return slices.Equal(a.raw, b.raw) })
		n := min(len(list), maxLabel)
		for i := range n {
			picked = append(picked, list[i*(len(list)-1)/max(n-1, 1)])
		}
	}
	slices.SortFunc(picked, func(a, b sample) int {
		return cmp.Or(int(a.protocol)-int(b.protocol), strings.Compare(a.name(), b.name()), len(a.raw)-len(b.raw), slices.Compare(a.raw, b.raw))
	})
	return picked
}

// messages adds messages; their numbers in names have what comes before them.
func (c corpus) messages(before string, all []conversation) {
	seen := make(map[string]int)
	for _, s := range samples(all) {
		key := folders[s.protocol] + s.name()
		seen[key]++
		name := fmt.Sprintf("%s-%s%d", s.name(), before, seen[key])
		c.add(folders[s.protocol]+"/FuzzDecode", name, s.raw)
		if seen[key] == 1 && len(s.raw) < 1000 {
			whole := folders[s.protocol] + "-" + name
			c.add("internal/cbor/FuzzAgainstOracle", whole, s.raw)
			c.add("internal/cbor/FuzzRaw", whole, s.raw)
			c.add("internal/cbor/FuzzScanner", whole, s.raw, uint64(0x123456789abcdef))
		}
		switch m := s.msg.(type) {
		case chainsync.FindIntersect:
			for i, p := range m.Points[:min(len(m.Points), 2)] {
				c.add("ledger/FuzzDecodePoint", fmt.Sprintf("%s-%d", name, i), p.AppendCBOR(nil))
				c.add("ledger/FuzzParsePoint", fmt.Sprintf("%s-%d", name, i), p.String())
			}
		case chainsync.IntersectFound:
			c.add("ledger/FuzzDecodeTip", name, m.Tip.AppendCBOR(nil))
		case txsubmission.ReplyTxIDs:
			for _, a := range m.IDs[:min(len(m.IDs), 1)] {
				c.add("ledger/FuzzDecodeTxID", name, a.ID.AppendCBOR(nil))
			}
		case txsubmission.ReplyTxs:
			for _, tx := range m.Txs[:min(len(m.Txs), 1)] {
				c.add("ledger/FuzzDecodeRawTx", name, tx.AppendCBOR(nil))
			}
		}
	}
}

// headers adds two headers and blocks of each era, and boundary blocks.
func headers(c corpus, all []conversation) {
	seen := make(map[string]int)
	for _, conv := range all {
		for _, raw := range messages(conv.streams[stream{protocol: 2, from: protocol.Responder}]) {
			msg, err := chainsync.RollForward{}.Decode(raw)
			if err != nil {
				continue
			}
			h := msg.(chainsync.RollForward).Header
			name := fmt.Sprintf("%v-%v", h.Era, h.EBB)
			if seen[name]++; seen[name] <= 2 {
				name = fmt.Sprintf("%s-%d", name, seen[name])
				c.add("ledger/FuzzParseHeader", name, uint8(h.Era), h.EBB, h.Bytes)
				c.add("ledger/FuzzDecodeRawHeader", name, h.AppendCBOR(nil))
			}
		}
		for _, raw := range messages(conv.streams[stream{protocol: 3, from: protocol.Responder}]) {
			msg, err := blockfetch.Block{}.Decode(raw)
			if err != nil || len(raw) > maxSeed {
				continue
			}
			block := msg.(blockfetch.Block).Raw
			h, err := block.Header()
			if err != nil {
				continue
			}
			name := fmt.Sprintf("block-%v-%v", h.Era, h.EBB)
			if seen[name]++; seen[name] <= 2 {
				c.add("ledger/FuzzParseBlock", fmt.Sprintf("%s-%d", name, seen[name]), []byte(block))
			}
		}
	}
}

// wires adds what the peer of a connection sent as a whole, for what reads
// segments: some short ones.
func wires(c corpus, all []conversation) {
	type wire struct{ raw, txs []byte }
	var list []wire
	for _, conv := range all {
		txs := conv.streams[stream{protocol: 4, from: protocol.Initiator}]
		if raw := conv.wire[1]; len(raw) > 8 && len(raw) <= maxSeed {
			list = append(list, wire{raw, txs})
		}
	}
	slices.SortStableFunc(list, func(a, b wire) int { return cmp.Or(len(a.raw)-len(b.raw), slices.Compare(a.raw, b.raw)) })
	const most = 16
	for i := range most {
		w := list[i*(len(list)-1)/(most-1)]
		name := fmt.Sprintf("wire-%d", i)
		c.add("mux/FuzzReader", name, w.raw, uint16(11*i))
		if n := 8 + int(w.raw[6])<<8 + int(w.raw[7]); n < len(w.raw) { // after the handshake
			c.add("node/FuzzServe", name, w.raw[n:], uint16(len(w.raw)/2))
		}
		if len(w.txs) > 0 {
			c.add("txsubmission/FuzzPeers", name, w.txs)
		}
	}
}

// Recorded seeds are still what they were recorded as.
func TestSeeds(t *testing.T) {
	specs := make(map[string]*protocol.Spec)
	for _, spec := range conformance.Protocols() {
		specs[folders[spec.ID]] = spec
	}
	count := make(map[string]int)
	paths, _ := filepath.Glob("../../../*/testdata/fuzz/*/" + prefix + "*")
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		values, err := fuzz.Values(file)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		name := strings.TrimPrefix(filepath.Base(path), prefix)
		target, _ := filepath.Rel("../../..", filepath.Dir(path))
		target = strings.Replace(filepath.ToSlash(target), "/testdata/fuzz", "", 1)
		count[target]++
		if err := check(target, name, values, specs); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, folder := range folders {
		if count[folder+"/FuzzDecode"] == 0 {
			t.Errorf("no recorded seeds for %s", folder)
		}
	}
	for _, target := range []string{"FuzzDecodePoint", "FuzzDecodeTip", "FuzzDecodeTxID", "FuzzDecodeRawTx", "FuzzDecodeRawHeader", "FuzzParseHeader", "FuzzParseBlock"} {
		if count["ledger/"+target] == 0 {
			t.Errorf("no recorded seeds for %s", target)
		}
	}
}

// check decodes a seed.
func check(target, name string, values [][]byte, specs map[string]*protocol.Spec) error {
	raw := values[len(values)-1]
	var rest []byte
	var err error
	switch target {
	case "ledger/FuzzDecodePoint":
		_, rest, err = ledger.DecodePoint(raw)
	case "ledger/FuzzDecodeTip":
		_, rest, err = ledger.DecodeTip(raw)
	case "ledger/FuzzDecodeTxID":
		_, rest, err = ledger.DecodeTxID(raw)
	case "ledger/FuzzDecodeRawTx":
		_, rest, err = ledger.DecodeRawTx(raw)
	case "ledger/FuzzDecodeRawHeader":
		_, rest, err = ledger.DecodeRawHeader(raw)
	case "ledger/FuzzParseHeader":
		for e := range ledger.Era(ledger.NumEras) {
			if strings.HasPrefix(name, e.String()+"-") {
				_, err = ledger.Preview.ParseHeader(ledger.RawHeader{Era: e, EBB: strings.Contains(name, "-true-"), Bytes: raw})
			}
		}
	case "ledger/FuzzParsePoint":
		_, err = ledger.ParsePoint(string(raw))
	case "ledger/FuzzParseBlock":
		var b ledger.Block
		if b, err = ledger.Preview.ParseBlock(raw); err == nil {
			err = b.CheckBody()
		}
	default:
		spec := specs[strings.TrimSuffix(target, "/FuzzDecode")]
		if spec == nil {
			return nil
		}
		from := protocol.Initiator
		if strings.HasPrefix(name, protocol.Responder.String()) {
			from = protocol.Responder
		}
		if s := read(spec, from, raw); !strings.HasPrefix(name, s.name()+"-") {
			return fmt.Errorf("it is read as %s", s.name())
		}
	}
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes are left", len(rest))
	}
	return err
}
