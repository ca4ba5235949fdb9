package blockfetch_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/ouronet/ouronet/blockfetch"
	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/pipe"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/protocol"
)

func checkViolation(t *testing.T, err, want error, message string) {
	t.Helper()
	var v *protocol.ViolationError
	if !errors.As(err, &v) || !errors.Is(err, want) {
		t.Fatalf("got %v, want a violation that is %v", err, want)
	}
	if v.Protocol != "block-fetch" || v.Message != message {
		t.Errorf("blamed %q with %q, want it with %q", v.Protocol, v.Message, message)
	}
}

// tampered returns b with a changed byte in its body, or one byte more.
func tampered(b ledger.Block) ledger.RawBlock {
	raw := bytes.Clone(b.Raw)
	raw[len(raw)-1] ^= 1
	return raw
}

// answered makes an initiator whose peer says messages as soon as it is asked.
func answered(t *testing.T, messages []blockfetch.Message) *blockfetch.Initiator {
	return answeredOn(chaintest.Network(), messages)
}

func answeredOn(network ledger.Network, messages []blockfetch.Message) *blockfetch.Initiator {
	us, peer := pipe.New()
	go func() {
		<-peer.Ready()
		for _, m := range messages {
			peer.Send(context.Background(), m.AppendCBOR(nil), nil)
		}
	}()
	return blockfetch.NewInitiator(blockfetch.Spec(), us, network)
}

// What a peer can do wrong when blocks 10 to 12 are asked for, with their
// headers known or not.
func TestIllegalResponders(t *testing.T) {
	blocks := mixed()
	fork, err := chaintest.NewGenerator(chaintest.Config{Seed: 9}).Fork(ledger.Origin)
	if err != nil {
		t.Fatal(err)
	}
	strange := fork.Blocks(1)[0]
	block := func(n int) blockfetch.Message { return blockfetch.Block{Raw: blocks[n].Raw} }
	start, done := blockfetch.StartBatch{}, blockfetch.BatchDone{}
	for _, test := range []struct {
		name    string
		answer  []blockfetch.Message
		err     error
		message string
		good    int // blocks that came before
	}{
		{"wrong block first", []blockfetch.Message{start, block(9)}, blockfetch.ErrWrongBlock, "MsgBlock", 0},
		{"a block left out", []blockfetch.Message{start, block(10), block(12)}, blockfetch.ErrWrongBlock, "MsgBlock", 1},
		{"a block twice", []blockfetch.Message{start, block(10), block(10)}, blockfetch.ErrWrongBlock, "MsgBlock", 1},
		{"block of another chain", []blockfetch.Message{start, block(10), blockfetch.Block{Raw: strange.Raw}}, blockfetch.ErrWrongBlock, "MsgBlock", 1},
		{"wrong body", []blockfetch.Message{start, block(10), blockfetch.Block{Raw: tampered(blocks[11])}}, blockfetch.ErrInvalidBody, "MsgBlock", 1},
		{"body cut short", []blockfetch.Message{start, blockfetch.Block{Raw: blocks[10].Raw[:len(blocks[10].Raw)-1]}}, blockfetch.ErrInvalidBody, "MsgBlock", 0},
		{"more after the body", []blockfetch.Message{start, blockfetch.Block{Raw: append(bytes.Clone(blocks[10].Raw), 0)}}, blockfetch.ErrInvalidBody, "MsgBlock", 0},
		{"no block at all", []blockfetch.Message{start, blockfetch.Block{Raw: []byte{0x80}}}, protocol.ErrMalformed, "MsgBlock", 0},
		{"empty block", []blockfetch.Message{start, blockfetch.Block{}}, protocol.ErrMalformed, "MsgBlock", 0},
		{"too few", []blockfetch.Message{start, block(10), block(11), done}, blockfetch.ErrTooFewBlocks, "MsgBatchDone", 2},
		{"none", []blockfetch.Message{start, done}, blockfetch.ErrTooFewBlocks, "MsgBatchDone", 0},
		{"too many", []blockfetch.Message{start, block(10), block(11), block(12), block(13)}, blockfetch.ErrTooManyBlocks, "MsgBlock", 3},
		{"N14: done without a start", []blockfetch.Message{done}, protocol.ErrOutOfTurn, "MsgBatchDone", 0},
		{"block without a start", []blockfetch.Message{block(10)}, protocol.ErrOutOfTurn, "MsgBlock", 0},
		{"two starts", []blockfetch.Message{start, start}, protocol.ErrOutOfTurn, "MsgStartBatch", 0},
		{"no blocks after a start", []blockfetch.Message{start, block(10), blockfetch.NoBlocks{}}, protocol.ErrOutOfTurn, "MsgNoBlocks", 1},
		{"a request", []blockfetch.Message{blockfetch.RequestRange{From: p1, To: p2}}, protocol.ErrOutOfTurn, "MsgRequestRange", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, loop := range map[string]func(i *blockfetch.Initiator) iter.Seq2[ledger.Block, error]{
				"Fetch": func(i *blockfetch.Initiator) iter.Seq2[ledger.Block, error] {
					return i.Fetch(t.Context(), wantsOf(blocks[10:13]))
				},
				"Blocks": func(i *blockfetch.Initiator) iter.Seq2[ledger.Block, error] {
					return i.Range(t.Context(), blocks[10].Header.Point(), blocks[12].Header.Point())
				},
			} {
				got, err := collect(loop(answered(t, test.answer)))
				t.Log(name, err)
				checkViolation(t, err, test.err, test.message)
				checkBlocks(t, got, blocks[10:10+test.good])
			}
		})
	}
}

// A block of an era that is not known ends the session, and nobody is to blame unless
// its header was read, and so was of another era.
func TestUnknownEra(t *testing.T) {
	blocks := mixed()
	later := blockfetch.Block{Raw: []byte{0x82, byte(ledger.NumEras + 1), 0x80}}
	answer := []blockfetch.Message{blockfetch.StartBatch{}, blockfetch.Block{Raw: blocks[10].Raw}, later}
	bare := wantsOf(blocks[10:13])
	for i, w := range bare {
		bare[i] = blockfetch.Want{Point: w.Point, Size: w.Size}
	}
	for name, loop := range map[string]func(i *blockfetch.Initiator) iter.Seq2[ledger.Block, error]{
		"Range": func(i *blockfetch.Initiator) iter.Seq2[ledger.Block, error] {
			return i.Range(t.Context(), bare[0].Point, bare[2].Point)
		},
		"Fetch by points": func(i *blockfetch.Initiator) iter.Seq2[ledger.Block, error] { return i.Fetch(t.Context(), bare) },
	} {
		got, err := collect(loop(answered(t, answer)))
		checkBlocks(t, got, blocks[10:11])
		var unsupported *protocol.UnsupportedError
		var unknown *ledger.UnknownEraError
		if !errors.As(err, &unsupported) || unsupported.Message != "MsgBlock" || !errors.As(err, &unknown) || unknown.What != "block" || protocol.IsPeerFault(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	got, err := collect(answered(t, answer).Fetch(t.Context(), wantsOf(blocks[10:13])))
	checkBlocks(t, got, blocks[10:11])
	checkViolation(t, err, blockfetch.ErrWrongBlock, "MsgBlock")
	if errors.As(err, new(*ledger.UnknownEraError)) || !strings.Contains(err.Error(), "era 8") {
		t.Error(err)
	}
}

// The era of a block is under no hash. One that is neither the header's nor possible in
// the slot is refused, as no other node would take the block from us. Where an era
// comes without a date, whoever sent the header may be wrong. (ouroboros-consensus:
// HardFork/Combinator/Block.hs, blockMatchesHeader)
func TestOtherEra(t *testing.T) {
	block := mixed()[10] // of Conway
	babbage := bytes.Clone(block.Raw)
	babbage[1] = byte(ledger.Babbage.BlockTag())
	undated, later := chaintest.Network(), chaintest.Network()
	undated.Eras[ledger.Conway].Start = ledger.Never
	later.Eras[ledger.Conway].Start = block.Header.Slot + 1
	header := block.Header
	header.Raw.Era = ledger.Babbage
	for _, test := range []struct {
		name    string
		network ledger.Network
		want    blockfetch.Want
		raw     []byte
		ok      bool
	}{
		{"the header's", chaintest.Network(), blockfetch.WantOf(&block.Header), block.Raw, true},
		{"not the header's", chaintest.Network(), blockfetch.WantOf(&block.Header), babbage, false},
		{"the slot's and not the header's", chaintest.Network(), blockfetch.WantOf(&header), block.Raw, true},
		{"the header's and not the slot's", later, blockfetch.WantOf(&block.Header), block.Raw, true},
		{"not the header's, undated", undated, blockfetch.WantOf(&block.Header), babbage, true},
		{"of no header that is known", chaintest.Network(), blockfetch.Want{Point: block.Header.Point()}, babbage, true},
	} {
		i := answeredOn(test.network, []blockfetch.Message{blockfetch.StartBatch{}, blockfetch.Block{Raw: test.raw}, blockfetch.BatchDone{}})
		_, err := collect(i.Fetch(t.Context(), []blockfetch.Want{test.want}))
		if test.ok && err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if !test.ok {
			checkViolation(t, err, blockfetch.ErrWrongBlock, "MsgBlock")
		}
	}
}

// A message over the state's limit is refused before it has arrived, and the
// limit is that of the state after the message before. (relay-behaviour, 10.2
// no. 11)
func TestLimits(t *testing.T) {
	for _, test := range []struct {
		name  string
		bytes []byte
		err   error
	}{
		{"in StBusy", append([]byte{0x82, 4, 0xd8, 24, 0x5a, 0, 1, 0, 0}, make([]byte, 65536)...), protocol.ErrTooLarge},
		{"in StStreaming", append([]byte{0x81, 2}, 0x82, 4, 0xd8, 24, 0x5a, 0, 0x26, 0x25, 0xa0), protocol.ErrTooLarge},
		{"the largest block", append(append([]byte{0x81, 2}, 0x82, 4, 0xd8, 24, 0x5a, 0, 0x26, 0x25, 0x97), make([]byte, 2500000-9)...), protocol.ErrMalformed},
	} {
		us, peer := pipe.New()
		go func() {
			<-peer.Ready()
			peer.Send(context.Background(), test.bytes, nil)
		}()
		_, err := collect(blockfetch.NewInitiator(blockfetch.Spec(), us, chaintest.Network()).Fetch(t.Context(), wantsOf(mixed()[:1])))
		if !errors.Is(err, test.err) || !protocol.IsPeerFault(err) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// A block that nobody asked for is not waited for by the next request.
func TestUnasked(t *testing.T) {
	us, peer := pipe.New()
	peer.Send(t.Context(), []byte{0x81, 2}, nil)
	_, err := collect(blockfetch.NewInitiator(blockfetch.Spec(), us, chaintest.Network()).Fetch(t.Context(), wantsOf(mixed()[:1])))
	checkViolation(t, err, protocol.ErrOutOfTurn, "")
}

// What a break left owed is still checked.
func TestDrainChecks(t *testing.T) {
	blocks := mixed()
	i := answered(t, []blockfetch.Message{blockfetch.StartBatch{}, blockfetch.Block{Raw: blocks[0].Raw}, blockfetch.Block{Raw: blocks[5].Raw}})
	for range i.Fetch(t.Context(), wantsOf(blocks[:3])) {
		break
	}
	checkViolation(t, i.Done(t.Context()), blockfetch.ErrWrongBlock, "MsgBlock")
}

// Without a check of bodies a block with the right header passes.
func TestSkipBodies(t *testing.T) {
	blocks := mixed()
	i := answered(t, []blockfetch.Message{blockfetch.StartBatch{}, blockfetch.Block{Raw: tampered(blocks[0])}, blockfetch.BatchDone{}})
	i.SkipBodies = true
	got, err := collect(i.Fetch(t.Context(), wantsOf(blocks[:1])))
	if err != nil || len(got) != 1 || got[0].CheckBody() == nil {
		t.Errorf("%d blocks, %v", len(got), err)
	}
}
