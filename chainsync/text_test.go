package chainsync_test

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

// In scenarios a block is its number and, on a fork, a letter: "7" or "7b". The
// message "MsgRollForward 3-5 tip 9" stands for three; the block "broken" has a
// header that cannot be read.

// header makes the header of a block: what chain-sync reads of it, and its name.
func header(name string) ledger.RawHeader {
	n, fork := number(name)
	b := cbor.AppendArray(nil, 2)
	b = cbor.AppendArray(b, 10)
	b = cbor.AppendUint(b, n)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0) // the other fields
	b = append(b, fork)                      // and the signature
	return ledger.RawHeader{Era: ledger.Conway, Bytes: b}
}

// number returns the two parts of a name.
func number(name string) (n uint64, fork byte) {
	digits := strings.TrimRight(name, "bc")
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		panic("not a block: " + name)
	}
	if len(digits) < len(name) {
		fork = name[len(digits)] - 'a'
	}
	return n, fork
}

func point(name string) ledger.Point {
	if name == "origin" {
		return ledger.Origin
	}
	n, fork := number(name)
	return ledger.Point{Slot: ledger.Slot(20 * n), Hash: ledger.Hash{0: 1 + fork, 31: byte(n)}}
}

func tip(name string) ledger.Tip {
	if name == "origin" {
		return ledger.Tip{}
	}
	n, _ := number(name)
	return ledger.Tip{Point: point(name), BlockNo: ledger.BlockNo(n)}
}

func name(n uint64, fork byte) string {
	if fork == 0 {
		return strconv.FormatUint(n, 10)
	}
	return fmt.Sprintf("%d%c", n, 'a'+fork)
}

func nameOf(p ledger.Point) string {
	if p.IsOrigin() {
		return "origin"
	}
	return name(uint64(p.Slot)/20, p.Hash[0]-1)
}

func nameOfHeader(h ledger.RawHeader) string {
	n, _ := h.BlockNo()
	return name(uint64(n), h.Bytes[len(h.Bytes)-1])
}

func names(points []ledger.Point) string {
	if len(points) > 20 {
		return fmt.Sprintf("%d points", len(points))
	}
	var s []string
	for _, p := range points {
		s = append(s, nameOf(p))
	}
	return strings.Join(s, " ")
}

func points(names []string) (list []ledger.Point) {
	for _, s := range names {
		if n, ok := strings.CutPrefix(s, "unknown*"); ok {
			n, _ := strconv.Atoi(n)
			for range n {
				list = append(list, point("99c"))
			}
			continue
		}
		list = append(list, point(s))
	}
	return list
}

func printMessage(m protocol.Message) string {
	switch m := m.(type) {
	case chainsync.RollForward:
		return fmt.Sprintf("%s %s tip %s", m.Label(), nameOfHeader(m.Header), nameOf(m.Tip.Point))
	case chainsync.RollBackward:
		return fmt.Sprintf("%s %s tip %s", m.Label(), nameOf(m.Point), nameOf(m.Tip.Point))
	case chainsync.FindIntersect:
		return strings.TrimSpace(fmt.Sprintf("%s %s", m.Label(), names(m.Points)))
	case chainsync.IntersectFound:
		return fmt.Sprintf("%s %s tip %s", m.Label(), nameOf(m.Point), nameOf(m.Tip.Point))
	case chainsync.IntersectNotFound:
		return fmt.Sprintf("%s tip %s", m.Label(), nameOf(m.Tip.Point))
	}
	return m.Label()
}

func parseMessages(text string) ([]protocol.Message, error) {
	f := strings.Fields(text)
	last := tip("origin")
	if len(f) > 2 && f[len(f)-2] == "tip" {
		last = tip(f[len(f)-1])
		f = f[:len(f)-2]
	}
	switch f[0] {
	case "MsgRequestNext":
		return []protocol.Message{chainsync.RequestNext{}}, nil
	case "MsgAwaitReply":
		return []protocol.Message{chainsync.AwaitReply{}}, nil
	case "MsgDone":
		return []protocol.Message{chainsync.Done{}}, nil
	case "MsgRollForward":
		if f[1] == "broken" {
			h := ledger.RawHeader{Era: ledger.Conway, Bytes: []byte{0x80}}
			return []protocol.Message{chainsync.RollForward{Header: h, Tip: last}}, nil
		}
		from, to, several := strings.Cut(f[1], "-")
		if !several {
			return []protocol.Message{chainsync.RollForward{Header: header(from), Tip: last}}, nil
		}
		var all []protocol.Message
		end, _ := number(to)
		for n, _ := number(from); n <= end; n++ {
			all = append(all, chainsync.RollForward{Header: header(name(n, 0)), Tip: last})
		}
		return all, nil
	case "MsgRollBackward":
		return []protocol.Message{chainsync.RollBackward{Point: point(f[1]), Tip: last}}, nil
	case "MsgFindIntersect":
		return []protocol.Message{chainsync.FindIntersect{Points: points(f[1:])}}, nil
	case "MsgIntersectFound":
		return []protocol.Message{chainsync.IntersectFound{Point: point(f[1]), Tip: last}}, nil
	case "MsgIntersectNotFound":
		return []protocol.Message{chainsync.IntersectNotFound{Tip: last}}, nil
	}
	return nil, fmt.Errorf("unknown message %q", text)
}
