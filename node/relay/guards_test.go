package relay

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/protocol"
)

// A header is judged on its parent only when that one's check is done and good,
// or is done by the same call.
func TestJudgeNeedsSettledParent(t *testing.T) {
	v, headers := started(t), headersOf(shortGenerator().Blocks(2))
	verify(t, v, headers[:1])
	parent := *v.known[headers[0].Hash]
	for _, test := range []struct {
		name     string
		parent   verdict
		sameCall bool
		want     error
	}{
		{"good", parent, false, nil},
		{"not settled", verdict{state: parent.state, done: make(chan struct{})}, false, errForgotten},
		{"not settled, in this call", verdict{state: parent.state, done: make(chan struct{})}, true, nil},
		{"bad", verdict{state: parent.state, done: closed, err: errVoid}, false, errForgotten},
	} {
		d := &test.parent
		v.known[headers[0].Hash] = d
		var last *verdict
		if test.sameCall {
			last = d
		}
		if got, err := v.judge(&headers[1], last); err != test.want || (got != nil) != (test.want == nil) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	delete(v.known, headers[0].Hash)
	if _, err := v.judge(&headers[1], nil); err != errForgotten {
		t.Errorf("unknown: %v", err)
	}
}

// When the disk is full the last state that was saved stays.
func TestSaveStateOnFullDisk(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skipf("no device that is always full: %v", err)
	}
	v, blocks := newTestVerifier(t), shortGenerator().Blocks(2)
	states := statesAfter(t, v, blocks)
	name := filepath.Join(t.TempDir(), stateFile)
	if err := saveState(name, states[0]); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(full, name+".new"); err != nil {
		t.Fatal(err)
	}
	if err := saveState(name, states[1]); err == nil {
		t.Error("saved to a full disk")
	}
	if after, err := os.ReadFile(name); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the old state is gone: %d bytes, %v", len(after), err)
	}
	// Nor is it replaced when no file can be made.
	os.Remove(name + ".new")
	if err := os.Mkdir(name+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := saveState(name, states[1]); err == nil {
		t.Error("saved to a folder")
	}
}

// The state is not saved when the blocks before it may not be on the disk.
func TestSaveNeedsSync(t *testing.T) {
	v, blocks := newTestVerifier(t), shortGenerator().Blocks(3)
	dir, db := folderOf(t, blocks)
	v.start(statesAfter(t, v, blocks)[2])
	r := &Relay{cfg: Config{DataDir: dir}, root: dir, db: db, verifier: v}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.save(0); err == nil {
		t.Error("saved without Sync")
	}
	if _, err := os.Stat(filepath.Join(dir, stateFile)); !errors.Is(err, os.ErrNotExist) || r.saved != (ledger.Tip{}) {
		t.Errorf("the file: %v; saved up to %v", err, r.saved)
	}
}

// Of two folders one would be ignored.
func TestNewRefusesTwoFolders(t *testing.T) {
	cfg := Config{Follow: follow.Config{Config: node.Config{Network: shortNetwork()}, Peers: []string{"a"}}, DataDir: t.TempDir(), ImmutableDir: t.TempDir()}
	if r, err := New(cfg); err == nil || !strings.Contains(err.Error(), "not both") {
		t.Errorf("%v, %v", r, err)
	}
	// What is wrong with the one folder is said, too.
	for _, cfg := range []Config{
		{Follow: cfg.Follow, ImmutableDir: filepath.Join(cfg.ImmutableDir, "none")},
		{Follow: cfg.Follow, DataDir: blocked(t)},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("took %q%q", cfg.DataDir, cfg.ImmutableDir)
		}
	}
}

// A relay that cannot be made leaves its folder to others.
func TestNewReleasesFolder(t *testing.T) {
	good := follow.Config{Config: node.Config{Network: shortNetwork()}, Peers: []string{"a:1"}}
	nobody, noShares := good, good
	nobody.Peers = nil
	noShares.Network.ActiveSlots = ledger.Ratio{}
	for name, follow := range map[string]follow.Config{"no peers": nobody, "cannot be verified": noShares} { // any order
		dir := t.TempDir()
		if _, err := New(Config{Follow: follow, DataDir: dir}); err == nil {
			t.Errorf("%s: no error", name)
		}
		r, err := New(Config{Follow: good, DataDir: dir})
		if err != nil {
			t.Errorf("after %s: %v", name, err)
			continue
		}
		if err := r.close(); err != nil {
			t.Error(err)
		}
	}
}

// What the caller says of inbound connections holds, else the default.
func TestMaxInbound(t *testing.T) {
	for given, want := range map[int]int{0: node.DefaultInbound, 1: 1, 7: 7} {
		r := &Relay{}
		r.cfg.Follow.Limits.Inbound = given
		if got := r.MaxInbound(); got != want {
			t.Errorf("%d: %d, want %d", given, got, want)
		}
	}
}

// Connections of others are counted while they last, and the caller is told.
func TestAcceptedCounts(t *testing.T) {
	events := ""
	var r Relay
	cfg := node.Config{Network: ledger.Preview, Observer: r.counting(node.Observer{
		Connected: func(c *node.Conn) { events += fmt.Sprintf("connected %t, ", c.Dialled()) },
		Closed:    func(c *node.Conn) { events += fmt.Sprintf("closed %t, ", c.Dialled()) },
	})}
	left, right := net.Pipe()
	dialled := make(chan *node.Conn)
	go func() {
		c, err := node.Handshake(t.Context(), left, protocol.Initiator, node.Config{Network: ledger.Preview})
		if err != nil {
			t.Error(err)
		}
		dialled <- c
	}()
	accepted, err := node.Handshake(t.Context(), right, protocol.Responder, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.served.Load() != 1 {
		t.Errorf("%d connections", r.served.Load())
	}
	(<-dialled).Close()
	accepted.Close()
	accepted.Close() // is told once
	if r.served.Load() != 0 || events != "connected false, closed false, " {
		t.Errorf("%d connections, told %q", r.served.Load(), events)
	}

	// One that we dialled is told, and not counted.
	left, right = net.Pipe()
	go func() {
		c, err := node.Handshake(t.Context(), left, protocol.Responder, node.Config{Network: ledger.Preview})
		if err != nil {
			t.Error(err)
		}
		dialled <- c
	}()
	events = ""
	c, err := node.Handshake(t.Context(), right, protocol.Initiator, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.served.Load() != 0 {
		t.Errorf("%d connections", r.served.Load())
	}
	c.Close()
	(<-dialled).Close()
	if r.served.Load() != 0 || events != "connected true, closed true, " {
		t.Errorf("%d connections, told %q", r.served.Load(), events)
	}
	none := r.counting(node.Observer{}) // nobody is told
	none.Connected(c)
	none.Closed(c)
}

// blocked is the name of a folder that cannot be, as a file has it.
func blocked(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// AtTip counts connected peers alone, and only those that are ahead.
func TestAtTip(t *testing.T) {
	tip := func(no uint64, hash byte) ledger.Tip {
		return ledger.Tip{Point: ledger.Point{Slot: ledger.Slot(no), Hash: ledger.Hash{hash}}, BlockNo: ledger.BlockNo(no)}
	}
	at := func(tip ledger.Tip) follow.PeerStatus {
		return follow.PeerStatus{Connected: true, Announced: true, Tip: tip}
	}
	stopped, silent, gone := at(tip(5, 1)), at(tip(5, 1)), at(tip(9, 9))
	stopped.Stopped, silent.Announced, gone.Connected = errors.New("no intersection"), false, false
	for _, test := range []struct {
		name  string
		tip   ledger.Tip
		peers []follow.PeerStatus
		want  bool
	}{
		{"nobody", tip(5, 1), nil, false},
		{"nobody connected", tip(5, 1), []follow.PeerStatus{gone}, false},
		{"same", tip(5, 1), []follow.PeerStatus{at(tip(5, 1)), gone}, true},
		{"one behind", tip(5, 1), []follow.PeerStatus{at(tip(4, 1)), at(tip(5, 1))}, true},
		{"one ahead", tip(5, 1), []follow.PeerStatus{at(tip(5, 1)), at(tip(6, 1))}, false},
		{"other block of the height", tip(5, 1), []follow.PeerStatus{at(tip(5, 2))}, true},
		{"not announced", tip(5, 1), []follow.PeerStatus{at(tip(5, 1)), silent}, false},
		{"not followed", tip(5, 1), []follow.PeerStatus{at(tip(5, 1)), stopped}, false},
		{"nothing yet", ledger.Tip{}, []follow.PeerStatus{at(tip(0, 1))}, false},
		{"nothing anywhere", ledger.Tip{}, []follow.PeerStatus{at(ledger.Tip{})}, true},
	} {
		if got := (Status{Tip: test.tip, Upstream: test.peers}).AtTip(); got != test.want {
			t.Errorf("%s: %t", test.name, got)
		}
	}
}

// A relay whose folder cannot be appended to any more says so once, although
// syncing and closing the folder fail for the same reason.
func TestFullDiskIsToldOnce(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skipf("no device that is always full: %v", err)
	}
	n := shortNetwork()
	blocks := chaintest.NewGenerator(chaintest.Config{Network: n}).Blocks(3000)
	dir := t.TempDir()
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: n})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Append(blocks[0]); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(full, filepath.Join(dir, "00001.chunk")); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks[1:] {
		if err = db.Append(b); err != nil {
			break
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v", err)
	}
	r := &Relay{db: db}
	text := also(also(err, db.Sync()), r.close()).Error()
	if strings.Count(text, syscall.ENOSPC.Error()) != 1 {
		t.Errorf("it says\n%s", text)
	}
	if err, more := errors.New("one"), errors.New("two"); also(err, nil) != err || also(nil, more) != more ||
		!errors.Is(also(err, more), err) || !errors.Is(also(err, more), more) {
		t.Error("an error is lost")
	}
}
