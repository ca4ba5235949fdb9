package blockfetch_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cbor"
	"github.com/ouronet/ouronet/internal/testing/golden"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/mux"
	"github.com/ouronet/ouronet/protocol"
)

func TestBlocks(t *testing.T) {
	i := serve(t, &chain{blocks: mixed()})
	for _, r := range [][2]int{{0, 199}, {5, 5}, {100, 120}} {
		blocks := mixed()[r[0] : r[1]+1]
		got, err := collect(i.Range(t.Context(), blocks[0].Header.Point(), blocks[len(blocks)-1].Header.Point()))
		if err != nil {
			t.Fatal(err)
		}
		checkBlocks(t, got, blocks)
	}
}

// Boundary blocks share slots and numbers with their neighbours.
func TestBlocksOfByron(t *testing.T) {
	network := chaintest.Network()
	network.Eras[ledger.Byron].EpochLength = 20
	blocks := chaintest.NewGenerator(chaintest.Config{Network: network, Eras: []chaintest.Stretch{{Era: ledger.Byron}}}).Blocks(200)
	us, peer := pipe.New()
	go blockfetch.Respond(t.Context(), blockfetch.Spec(), peer, &chain{blocks: blocks})
	i := blockfetch.NewInitiator(blockfetch.Spec(), us, network)
	for first := range 25 { // an epoch
		got, err := collect(i.Range(t.Context(), blocks[first].Header.Point(), blocks[199].Header.Point()))
		if err != nil {
			t.Fatal(err)
		}
		checkBlocks(t, got, blocks[first:])
	}
	us.Close()
}

// A range that cannot exist is our own mistake and is not sent.
func TestBlocksOfNoRange(t *testing.T) {
	us, peer := pipe.New()
	i := blockfetch.NewInitiator(blockfetch.Spec(), us, chaintest.Network())
	for _, r := range [][2]ledger.Point{{ledger.Origin, p1}, {p1, ledger.Origin}, {p2, p1}} {
		_, err := collect(i.Range(t.Context(), r[0], r[1]))
		if !errors.Is(err, blockfetch.ErrInvalidRange) || protocol.IsPeerFault(err) {
			t.Error(err)
		}
	}
	if sent, _ := peer.Peek(0); len(sent) > 0 {
		t.Errorf("sent %x", sent)
	}
}

// A batch whose blocks link, but past the end of the range, is stopped.
func TestBlocksBehindTheEnd(t *testing.T) {
	blocks := mixed()
	to := blocks[12].Header.Point()
	to.Hash[0] ^= 1 // is on another fork
	i := answered(t, []blockfetch.Message{blockfetch.StartBatch{},
		blockfetch.Block{Raw: blocks[10].Raw}, blockfetch.Block{Raw: blocks[11].Raw},
		blockfetch.Block{Raw: blocks[12].Raw}, blockfetch.Block{Raw: blocks[13].Raw}})
	got, err := collect(i.Range(t.Context(), blocks[10].Header.Point(), to))
	checkViolation(t, err, blockfetch.ErrWrongBlock, "MsgBlock")
	checkBlocks(t, got, blocks[10:13])
}

// What was asked for with Blocks and not taken is our own fault, also after the
// loop was left. The same without asking is the peer's.
func TestConsumerTooSlow(t *testing.T) {
	blocks := small()
	for _, leave := range []bool{false, true} {
		testenv.CheckLeaks(t)
		spec := blockfetch.Spec()
		spec.Ingress = 64 << 10
		a, b := net.Pipe()
		us, peer := mux.New(a, mux.Config{}), mux.New(b, mux.Config{})
		peer.Respond(blockfetch.Spec(), mux.OnOwn, func(ctx context.Context, c *mux.Channel) error {
			return blockfetch.Respond(ctx, blockfetch.Spec(), c, &chain{blocks: blocks})
		})
		i := blockfetch.NewInitiator(spec, us.Channel(spec, protocol.Initiator), chaintest.Network())
		peer.Start()
		us.Start()
		var err error
		for _, err = range i.Range(t.Context(), blocks[0].Header.Point(), blocks[len(blocks)-1].Header.Point()) {
			if err != nil || leave {
				break
			}
			select {
			case <-us.Done():
			case <-time.After(time.Minute):
				t.Fatal("nothing overran")
			}
		}
		<-us.Done()
		if !leave && !errors.Is(err, blockfetch.ErrConsumerTooSlow) {
			t.Errorf("loop ended with %v", err)
		}
		if err := us.Err(); !errors.Is(err, blockfetch.ErrConsumerTooSlow) || protocol.IsPeerFault(err) {
			t.Errorf("left %v: connection ended with %v", leave, err)
		}
		us.Close(t.Context())
		peer.Close(t.Context())
	}
}

// overrun notes what OnOverrun was told.
type overrun struct {
	*pipe.End
	err error
}

func (o *overrun) OnOverrun(err error) { o.err = err }

// The blame is ours only while a plain range is on its way.
func TestBlameReturns(t *testing.T) {
	blocks := mixed()
	us, peer := pipe.New()
	go blockfetch.Respond(t.Context(), blockfetch.Spec(), peer, &chain{blocks: blocks})
	defer us.Close()
	o := &overrun{End: us}
	i := blockfetch.NewInitiator(blockfetch.Spec(), o, chaintest.Network())
	from, to := blocks[0].Header.Point(), blocks[9].Header.Point()
	for range i.Range(t.Context(), from, to) {
		if o.err == nil {
			t.Fatal("the peer is to blame in the loop")
		}
	}
	if o.err != nil {
		t.Error("we are to blame after the loop")
	}
	for range i.Range(t.Context(), from, to) {
		break
	}
	if o.err == nil {
		t.Error("the peer is to blame for blocks that are owed")
	}
	for range i.Fetch(t.Context(), wantsOf(blocks[:2])) {
		if o.err != nil {
			t.Error("we are to blame after they were dropped")
		}
	}
}

// Blocks that link but do not get later are stopped: they could go on for ever.
// To a network with other epochs, the slots of a Byron chain fall at the end of
// an epoch.
func TestBlocksGetLater(t *testing.T) {
	network := chaintest.Network()
	network.Eras[ledger.Byron].EpochLength = 20
	blocks := chaintest.NewGenerator(chaintest.Config{Network: network, Eras: []chaintest.Stretch{{Era: ledger.Byron}}}).Blocks(40)
	network.Eras[ledger.Byron].EpochLength = 1
	us, peer := pipe.New()
	go func() {
		<-peer.Ready()
		peer.Send(context.Background(), blockfetch.StartBatch{}.AppendCBOR(nil), nil)
		for _, b := range blocks {
			peer.Send(context.Background(), blockfetch.Block{Raw: b.Raw}.AppendCBOR(nil), nil)
		}
		peer.Close()
	}()
	i := blockfetch.NewInitiator(blockfetch.Spec(), us, network)
	first := ledger.Point{Slot: 0, Hash: blocks[0].Header.Hash}
	got, err := collect(i.Range(t.Context(), first, ledger.Point{Slot: 1000, Hash: p1.Hash}))
	checkViolation(t, err, blockfetch.ErrWrongBlock, "MsgBlock")
	if n := len(got); n < 2 || n > 22 {
		t.Errorf("stopped after %d blocks", n)
	}
}

// Boundary blocks of one slot that link are stopped as well, though the regular block
// after one may share its slot.
func TestBoundaryBlocksGetLater(t *testing.T) {
	network := chaintest.Network()
	blocks := boundaryBlocks(t, network, 5)
	us, peer := pipe.New()
	go func() {
		<-peer.Ready()
		peer.Send(context.Background(), blockfetch.StartBatch{}.AppendCBOR(nil), nil)
		for _, b := range blocks {
			peer.Send(context.Background(), blockfetch.Block{Raw: b.Raw}.AppendCBOR(nil), nil)
		}
		peer.Close()
	}()
	i := blockfetch.NewInitiator(blockfetch.Spec(), us, network)
	got, err := collect(i.Range(t.Context(), blocks[0].Header.Point(), ledger.Point{Slot: 1 << 40, Hash: p1.Hash}))
	checkViolation(t, err, blockfetch.ErrWrongBlock, "MsgBlock")
	checkBlocks(t, got, blocks[:1])
}

// boundaryBlocks returns boundary blocks of the first epoch but one, each of which
// names the one before it.
func boundaryBlocks(t *testing.T, network ledger.Network, n int) (blocks []ledger.Block) {
	t.Helper()
	prev := ledger.Hash{1}
	body := ledger.Hash(bytes.Clone(golden.Bytes(t, ebb)[45:77])) // of an empty list
	for range n {
		raw := cbor.AppendArray([]byte{0x82, 0, 0x83}, 5)
		raw = cbor.AppendUint(raw, uint64(network.Magic))
		raw = cbor.AppendBytes(raw, prev[:])
		raw = cbor.AppendBytes(raw, body[:])
		raw = append(raw, 0x82, 1, 0x81, 0, 0x81, 0xa0, 0x9f, 0xff, 0x81, 0xa0)
		b, err := network.ParseBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, b)
		prev = b.Header.Hash
	}
	return blocks
}
