package trace_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/keepalive"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/peersharing"
	"github.com/ouronet/ouronet/protocol"
)

// pcap makes a capture in the older format.
func pcap(link uint32, packets ...[]byte) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0)
	b = le.AppendUint32(b, link)
	for i, p := range packets {
		b = le.AppendUint32(b, uint32(i))
		b = le.AppendUint32(b, 1000)
		b = le.AppendUint32(b, uint32(len(p)))
		b = le.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}

// framed puts the head of a link before an IP packet.
func framed(link uint32, ip []byte) []byte {
	ether := []byte{0x08, 0x00}
	if ip[0]>>4 == 6 {
		ether = []byte{0x86, 0xdd}
	}
	switch link {
	case 0:
		return append([]byte{2, 0, 0, 0}, ip...)
	case 1: // with a VLAN
		return append(slices.Concat(make([]byte, 12), []byte{0x81, 0, 0, 5}, ether), ip...)
	case 113:
		return append(slices.Concat(make([]byte, 14), ether), ip...)
	case 276:
		return append(slices.Concat(ether, make([]byte, 18)), ip...)
	}
	return ip
}

// tcp makes an IP packet from one side, 0 being the one that connected.
func tcp(from byte, seq uint32, flags byte, data []byte, v6 bool) []byte {
	be := binary.BigEndian
	size := 20 + len(data)
	var ip []byte
	if v6 {
		ip = append(ip, 0x60, 0, 0, 0, byte(size>>8), byte(size), 6, 64)
		ip = append(ip, make([]byte, 15)...)
		ip = append(ip, 1+from)
		ip = append(ip, make([]byte, 15)...)
		ip = append(ip, 2-from)
	} else {
		size += 20
		ip = append(ip, 0x45, 0, byte(size>>8), byte(size), 0, 0, 0x40, 0, 64, 6, 0, 0)
		ip = append(ip, 10, 0, 0, 1+from, 10, 0, 0, 2-from)
	}
	ip = be.AppendUint16(ip, 3000+uint16(from))
	ip = be.AppendUint16(ip, 3001-uint16(from))
	ip = be.AppendUint32(ip, seq)
	ip = be.AppendUint32(ip, 0)
	ip = append(ip, 5<<4, flags, 0, 0, 0, 0, 0, 0)
	return append(ip, data...)
}

func segment(id uint16, role protocol.Role, m protocol.Message) []byte {
	if role == protocol.Responder {
		id |= 0x8000
	}
	payload := m.AppendCBOR(nil)
	b := binary.BigEndian.AppendUint16([]byte{0, 0, 0, 0}, id)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(payload))), payload...)
}

var table = handshake.Versions(handshake.Data{Magic: 1, InitiatorOnly: true})

// exchange is a capture of a handshake and a keep-alive, whose packets come
// late, twice, in the wrong order, and with numbers that wrap around.
func exchange(link uint32) (packets [][]byte) {
	v6 := link == 276
	const syn, ack, fin = 2, 16, 1
	propose := segment(0, protocol.Initiator, handshake.ProposeVersions{Table: table})
	accept := segment(0, protocol.Responder, handshake.AcceptVersion{Entry: table[1]})
	ask := segment(8, protocol.Initiator, keepalive.KeepAlive{Cookie: 77})
	answer := segment(8, protocol.Responder, keepalive.KeepAliveResponse{Cookie: 77})
	const isn, theirs = 1<<32 - 10, 500
	one, two := uint32(isn+1), uint32(theirs+1)
	after := one + uint32(len(propose))
	for _, p := range [][]byte{
		tcp(0, isn, syn, nil, v6),
		tcp(1, theirs, syn|ack, nil, v6),
		tcp(0, one, ack, propose[:5], v6),
		tcp(0, one+15, ack, propose[15:], v6), // too early
		tcp(0, one+5, ack, propose[5:20], v6),
		tcp(0, one, ack, propose[:5], v6), // again
		tcp(1, two, ack, accept, v6),
		tcp(0, after, ack, ask, v6),
		tcp(1, two+uint32(len(accept)), ack, answer, v6),
		tcp(0, after+uint32(len(ask)), fin|ack, nil, v6),
		tcp(1, two+uint32(len(accept)+len(answer)), fin|ack, nil, v6),
	} {
		packets = append(packets, framed(link, p))
	}
	return packets
}

func TestLinks(t *testing.T) {
	for _, link := range []uint32{0, 1, 12, 101, 113, 276} {
		out, sum := decode(t, pcap(link, exchange(link)...))
		if sum.Messages != 4 || sum.Violations != 0 || sum.Connections != 1 || !strings.Contains(out, "ended: closed") {
			t.Errorf("link %d: %+v\n%s", link, sum, out)
		}
	}
}

// Other traffic in a capture is passed over.
func TestOtherTraffic(t *testing.T) {
	web := tcp(0, 1, 16, []byte("GET / HTTP/1.1\r\n\r\n"), false)
	out, sum := decode(t, pcap(101, web, []byte{1}, nil))
	if sum.Messages != 0 || sum.Violations != 0 || !strings.Contains(out, "does not begin with a handshake") {
		t.Errorf("%+v\n%s", sum, out)
	}
}

// What either side does wrong is told with the message.
func TestViolations(t *testing.T) {
	hello := [][]byte{
		segment(0, protocol.Initiator, handshake.ProposeVersions{Table: table}),
		segment(0, protocol.Responder, handshake.AcceptVersion{Entry: table[1]}),
	}
	for _, test := range []struct {
		name     string
		segments []byte // then, from the side that connected
		reply    []byte // and from the other
		want     string
		later    bool // it is we who cannot read it
	}{
		{"out of turn", nil, segment(8, protocol.Responder, keepalive.KeepAliveResponse{}), "message out of turn", false},
		{"tag", []byte{0, 0, 0, 0, 0, 8, 0, 2, 0x81, 9}, nil, "tag 9 is no message of the initiator", false},
		{"no CBOR", []byte{0, 0, 0, 0, 0, 8, 0, 1, 0xff}, nil, "malformed message", false},
		{"shape", []byte{0, 0, 0, 0, 0, 8, 0, 2, 0x81, 0}, nil, "malformed message", false},
		{"too large", []byte{0, 0, 0, 0, 0, 8, 0, 5, 0x82, 0, 0x5a, 0x7f, 0}, nil, "", false},
		{"empty segment", []byte{0, 0, 0, 0, 0, 8, 0, 0}, nil, "segment without payload", false},
		{"initiator at the wrong side", nil, segment(8, protocol.Initiator, keepalive.KeepAlive{}), "the other's questions only", false},
		{"too large for the state", append([]byte{0, 0, 0, 0, 0, 8, 0, 7}, 0x82, 0, 0x5a, 0, 1, 0, 0), nil, "message too large", false},
		{"unknown mini-protocol", []byte{0, 0, 0, 0, 0, 7, 0, 1, 0x80}, nil, "> !! number 7 was not agreed on", false},
		{"unknown mini-protocol of the other side", nil, []byte{0, 0, 0, 0, 0x80, 7, 0, 1, 0x80}, "< !! number 7 was not agreed on", false},
		{"peer sharing", segment(10, protocol.Initiator, peersharing.ShareRequest{Amount: 1}), nil, "> !! peer-sharing was not agreed on", false},
		{"later era", segment(2, protocol.Initiator, chainsync.RequestNext{}),
			segment(2, protocol.Responder, chainsync.RollForward{Header: ledger.RawHeader{Era: ledger.Era(ledger.NumEras), Bytes: []byte{0x80}}}),
			"header of era 8", true},
	} {
		packets := [][]byte{
			tcp(0, 0, 2, nil, false), tcp(1, 0, 18, nil, false),
			tcp(0, 1, 16, hello[0], false), tcp(1, 1, 16, hello[1], false),
			tcp(0, 1+uint32(len(hello[0])), 16, test.segments, false),
			tcp(1, 1+uint32(len(hello[1])), 16, test.reply, false),
		}
		out, sum := decode(t, pcap(101, packets...))
		if want := min(1, len(test.want)); test.later {
			if sum.Violations != 0 || !strings.Contains(out, test.want) {
				t.Errorf("%s: %+v\n%s", test.name, sum, out)
			}
		} else if sum.Violations != want || !strings.Contains(out, test.want) {
			t.Errorf("%s: %+v\n%s", test.name, sum, out)
		}
	}
}

// What may be said follows from how the handshake ended.
func TestNotAgreed(t *testing.T) {
	propose := func(d handshake.Data, versions ...handshake.Version) []byte {
		return segment(0, protocol.Initiator, handshake.ProposeVersions{Table: handshake.Versions(d, versions...)})
	}
	accept := func(d handshake.Data, v handshake.Version) []byte {
		return segment(0, protocol.Responder, handshake.AcceptVersion{Entry: handshake.Versions(d, v)[0]})
	}
	one, sharing := handshake.Data{Magic: 1}, handshake.Data{Magic: 1, PeerSharing: true}
	ask := segment(8, protocol.Initiator, keepalive.KeepAlive{})
	share := segment(10, protocol.Initiator, peersharing.ShareRequest{Amount: 1})
	other := []byte{0, 0, 0, 0, 0, 16, 0, 1, 0x80}
	for _, test := range []struct {
		name                  string
		first, answer, second []byte
		want                  string // "" if it may be said
	}{
		{"agreed", propose(one), accept(one, 15), ask, ""},
		{"early", slices.Concat(propose(one), ask), nil, nil, "keep-alive before the handshake is over"},
		{"refused", propose(one), segment(0, protocol.Responder, handshake.Refuse{Refusal: handshake.Refusal{Reason: handshake.Refused, Version: 15}}),
			ask, "keep-alive was not agreed on"},
		{"told only", propose(one), segment(0, protocol.Responder, handshake.QueryReply{Table: handshake.Versions(one)}), ask, "keep-alive was not agreed on"},
		{"peer sharing", propose(sharing), accept(sharing, 15), share, ""},
		{"no peer sharing", propose(sharing), accept(one, 15), share, "peer-sharing was not agreed on"},
		{"later version", propose(one, 16), accept(one, 16), other, ""},
		{"unknown version", propose(one), segment(0, protocol.Responder, handshake.AcceptVersion{Entry: handshake.Entry{Version: 17, Raw: []byte{0x80}}}), other,
			"malformed message"}, // and what follows is not judged
		{"simultaneous open", propose(sharing), propose(sharing), share, ""},
		{"simultaneous open without peer sharing", propose(sharing), propose(one), share, "peer-sharing was not agreed on"},
		{"simultaneous open of other networks", propose(one), propose(handshake.Data{Magic: 2}), ask, "keep-alive was not agreed on"},
	} {
		packets := [][]byte{tcp(0, 0, 2, nil, false), tcp(1, 0, 18, nil, false), tcp(0, 1, 16, test.first, false)}
		if test.answer != nil {
			packets = append(packets, tcp(1, 1, 16, test.answer, false), tcp(0, 1+uint32(len(test.first)), 16, test.second, false))
		}
		out, sum := decode(t, pcap(101, packets...))
		if want := min(1, len(test.want)); sum.Violations != want || !strings.Contains(out, test.want) {
			t.Errorf("%s: %+v, want %q\n%s", test.name, sum, test.want, out)
		}
	}
}
