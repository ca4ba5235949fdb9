package follow_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ouronet/ouronet/chainsync"
	"github.com/ouronet/ouronet/conformance"
	"github.com/ouronet/ouronet/handshake"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/logtest"
	"github.com/ouronet/ouronet/internal/testing/nodetest"
	"github.com/ouronet/ouronet/ledger"
)

const (
	// ofPeer is how many characters of a line may be a peer's, however they are written:
	// an escape or a hex digit counts with each of its characters.
	ofPeer = 200

	// ofUs is how many more a line may have.
	ofUs = 150

	// mark fills hostile text. Our own text has few of it.
	mark = "Ä"
)

// hostileText is long, ends lines, moves cursors and turns the direction of writing.
var hostileText = "\x1b[31m\r\n\x00\u202e\u0085" + strings.Repeat(mark, 2000)

// hostileItems are items that hold text, each as a CBOR item.
var hostileItems = func() map[string][]byte {
	text := cbor.AppendText(nil, hostileText)
	raw := cbor.AppendBytes(nil, []byte(hostileText))
	return map[string][]byte{
		"text":    text,
		"bytes":   raw,
		"encoded": append(cbor.AppendTag(nil, cbor.TagEncoded), cbor.AppendBytes(nil, text)...),
		"list":    append(cbor.AppendArrayIndefinite(nil), append(slices.Clone(text), 0xff)...),
		"map":     append(cbor.AppendMap(nil, 1), slices.Concat(text, text[:1], text[1:])...),
		"header":  slices.Concat([]byte{0x82, 6, 0xd8, 24}, cbor.AppendBytes(nil, text)),
		"block":   slices.Concat([]byte{0xd8, 24}, cbor.AppendBytes(nil, slices.Concat([]byte{0x82, 7, 0x85}, text))),
	}
}()

// peers matches what hostile text looks like in a line: as it is, quoted, in hex and as
// numbers.
var peers = regexp.MustCompile(`(?i)` + mark + `|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|[0-9a-f]*(?:c384)+[0-9a-f]*|(?:195[, ]+132[, ]*)+`)

// countPeers returns how many characters of a line are hostile text.
func countPeers(line string) (n int) {
	for _, part := range peers.FindAllString(line, -1) {
		n += utf8.RuneCountInString(part)
	}
	return n
}

func TestCountPeers(t *testing.T) {
	raw := strings.Repeat(mark, 50)
	for _, line := range []string{
		strings.Repeat(mark, 200), fmt.Sprintf("%x", raw), fmt.Sprintf("%X", raw), strings.Repeat(`\xc3\x84`, 25),
		fmt.Sprintf("%+q", strings.Repeat(mark, 33)) + raw[:4], fmt.Sprint([]byte(raw[:50])),
	} {
		if n := countPeers("1 line of 20: " + line + " is wrong"); n < 198 || n > 201 {
			t.Errorf("%d in %q", n, line)
		}
	}
}

// checkLines checks what is printed of a peer that failed once.
func checkLines(t *testing.T, lines []string) {
	t.Helper()
	for _, line := range lines {
		if n := countPeers(line); n > ofPeer {
			t.Errorf("%d characters of the peer in\n%.300q", n, line)
		}
		if i := strings.IndexFunc(line, func(r rune) bool { return unicode.IsControl(r) || !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%q is in\n%.300q", line[i:min(len(line), i+6)], line)
		}
		if n := utf8.RuneCountInString(line); n > ofPeer+ofUs {
			t.Errorf("a line of %d characters:\n%.300q", n, line)
		}
	}
	if len(lines) > 1 {
		t.Errorf("%d lines of one failure:\n%.1000s", len(lines), strings.Join(lines, "\n"))
	}
}

// hostileMessages calls with for each mini-protocol, tag of a message, and item, with a
// message that holds the item in each place.
func hostileMessages(with func(name string, id uint16, message []byte)) {
	for _, spec := range conformance.Protocols() {
		tags := map[uint64]int{}
		for i := range spec.States {
			for _, e := range spec.States[i].Edges {
				r := cbor.NewReader(e.Msg.AppendCBOR(nil))
				tags[e.Msg.Tag()] = r.Array()
			}
		}
		for tag, fields := range tags {
			for name, item := range hostileItems {
				message := cbor.AppendMessage(nil, fields, tag)
				for range fields - 1 {
					message = append(message, item...)
				}
				with(fmt.Sprintf("%s/%d/%s", spec.Name, tag, name), spec.ID, message)
			}
		}
		for name, item := range hostileItems {
			with(fmt.Sprintf("%s/no message/%s", spec.Name, name), spec.ID, item)
		}
	}
}

// Whatever a peer that connects to us puts where, little of it is in the log, and in
// what the connection ended with.
func TestTextOfClientsIsBounded(t *testing.T) {
	hostileMessages(func(name string, id uint16, message []byte) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(5)
				log, logs := logtest.New(slog.LevelDebug)
				cfg := w.Config()
				cfg.Sources, cfg.Logger = c.Sources(), log
				s := nodetest.Serve(t, w.Net.Listen("us"), cfg)
				var p *nodetest.Raw
				if id != 0 {
					p = w.DialRaw("us", nodetest.Both)
				} else if conn, err := w.Net.Dial(t.Context(), "us"); err != nil {
					t.Fatal(err)
				} else {
					p = &nodetest.Raw{Conn: conn}
				}
				writeAll(p, id, false, message)
				go p.Drain()
				defer p.Conn.Close()
				checkLines(t, ended(s))
				synctest.Wait()
				checkLines(t, logged(logs))
			})
		})
	})
}

// The same for peers that we connect to.
func TestTextOfServersIsBounded(t *testing.T) {
	hostileMessages(func(name string, id uint16, message []byte) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := nodetest.NewWorld(t)
				w.ServeRaw("bad", func(p *nodetest.Raw) {
					if id != 0 {
						p.Accept()
					}
					writeAll(p, id, true, message)
				})
				checkFollowing(t, w)
			})
		})
	})
}

// Refusals and versions are where text has a place.
func TestTextOfHandshakesIsBounded(t *testing.T) {
	refuse := func(r handshake.Refusal) []byte { return handshake.Refuse{Refusal: r}.AppendCBOR(nil) }
	many := make([]uint64, 800)
	for i := range many {
		many[i] = 1<<63 + uint64(i)
	}
	data := cbor.AppendMessage(nil, 3, 1)
	data = append(cbor.AppendUint(data, 15), hostileItems["text"]...)
	for name, message := range map[string][]byte{
		"refused":   refuse(handshake.Refusal{Reason: handshake.Refused, Version: 15, Text: hostileText}),
		"malformed": refuse(handshake.Refusal{Reason: handshake.HandshakeDecodeError, Version: 15, Text: hostileText}),
		"not text":  refuse(handshake.Refusal{Reason: handshake.Refused, Version: 15, Text: strings.Repeat("\xff"+mark, 1000)}),
		"versions":  refuse(handshake.Refusal{Reason: handshake.VersionMismatch, Versions: many[:500]}),
		"data":      data,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := nodetest.NewWorld(t)
				w.ServeRaw("bad", func(p *nodetest.Raw) { p.Write(0, true, message) })
				checkFollowing(t, w)
			})
		})
	}
}

// Headers that hold text where they are read.
func TestTextOfHeadersIsBounded(t *testing.T) {
	text := hostileItems["text"]
	for era := ledger.Byron; int(era) <= ledger.NumEras; era++ {
		for name, header := range map[string][]byte{
			"text":    text,
			"body":    slices.Concat([]byte{0x82}, text, text),
			"fields":  slices.Concat([]byte{0x82, 0x8f}, slices.Repeat(text, 4), bytes.Repeat([]byte{0xf6}, 11), text),
			"Byron's": slices.Concat([]byte{0x85, 1}, text, text, text, text),
		} {
			t.Run(fmt.Sprintf("%v/%s", era, name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, c := nodetest.NewWorld(t), nodetest.NewChain().Grow(5)
					w.ServeRaw("bad", func(p *nodetest.Raw) {
						p.Accept()
						p.Await(nodetest.ChainSync)
						p.Message(nodetest.ChainSync, true, chainsync.IntersectFound{Tip: c.Tip()})
						p.Await(nodetest.ChainSync)
						forward := chainsync.RollForward{Header: ledger.RawHeader{Era: era, Bytes: header}, Tip: c.Tip()}
						p.Message(nodetest.ChainSync, true, forward)
					})
					checkFollowing(t, w)
				})
			})
		}
	}
}

// checkFollowing follows the peer "bad" until it has failed.
func checkFollowing(t *testing.T, w *nodetest.World) {
	t.Helper()
	log, logs := logtest.New(slog.LevelDebug)
	cfg := w.FollowConfig("bad")
	cfg.Logger, cfg.Persist = log, true
	f := w.Follow(cfg)
	f.Start()
	for range 2000 {
		if f.Peers()[0].Err != nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	synctest.Wait()
	err := f.Peers()[0].Err
	if err == nil {
		t.Fatal("the peer did not fail")
	}
	checkLines(t, logged(logs))
	checkLines(t, []string{err.Error()})
}

// writeAll writes a message in segments. That the other side has hung up is for the
// test to see in what comes of it.
func writeAll(p *nodetest.Raw, id uint16, responder bool, message []byte) {
	for part := range slices.Chunk(message, 12288) {
		if p.Write(id, responder, part) != nil {
			return
		}
	}
}

// ended waits until a connection of s has ended, and returns why.
func ended(s *nodetest.Server) []string {
	select {
	case err := <-s.Ended():
		return []string{err.Error()}
	case <-time.After(200 * time.Second):
		return nil
	}
}
