package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/node/relay"
	"github.com/ouronet/ouronet/txsubmission"
)

// script is what happens in the demo.
type script struct {
	seed    uint64
	initial int           // blocks of the chain at the start
	pause   time.Duration // between blocks from then on
	until   int           // new blocks before the fork, and again after it
	back    int           // blocks that the fork drops
	forward int           // and those it has instead
	pay     int           // ticks for each transaction of the follower
}

var defaultScript = script{seed: 1, initial: 1000, pause: 400 * time.Millisecond, until: 8, back: 3, forward: 4, pay: 3}

// demo is three nodes in one process that talk over loopback TCP.
type demo struct {
	script
	out     output
	network ledger.Network
	chain   *chaintest.Chain // of the upstream node
	journal *journal
	wallet  *wallet // of the follower
	relay   *relay.Relay
}

// runDemo shows a relay between two other nodes. With -exit-at-tip the chain
// stops after a while and the demo ends.
func runDemo(ctx context.Context, o *options, s script, out output) (err error) {
	d := &demo{script: s, out: out, network: demoNetwork()}
	began := time.Now()
	d.chain = chaintest.New(chaintest.Config{Seed: s.seed, Network: d.network, Signed: true}).Grow(s.initial)
	made := time.Since(began)
	d.journal = newJournal(d.chain, out)
	d.wallet = newWallet(s.seed+1, d.network)

	upstream, err := cli.Listen(ctx, "-listen", "127.0.0.1:0")
	if err != nil {
		return err
	}
	served, err := cli.Listen(ctx, "-listen", o.listen)
	if err != nil {
		upstream.Close()
		return err
	}
	submit, err := o.listenSubmit(ctx)
	if err != nil {
		upstream.Close()
		served.Close()
		return err
	}
	record, err := o.record()
	if err != nil {
		upstream.Close()
		served.Close()
		closeSubmit(submit)
		return err
	}
	defer func() { err = errors.Join(err, record.end(out)) }()

	ctx, cancel := context.WithCancel(ctx)
	var nodes sync.WaitGroup
	defer nodes.Wait()
	defer cancel()
	failed := make(chan error, 1)
	fail := func(err error) {
		select {
		case failed <- err:
		default: // the first one counts
		}
	}
	run := func(name string, f func() error) {
		nodes.Go(func() {
			if err := f(); err != nil && ctx.Err() == nil {
				fail(fmt.Errorf("the %s of the demo: %w", name, err))
			}
		})
	}
	logger := newLogger(&o.log, out.log(), o.json)
	config := node.Config{Network: d.network, PeerSharing: true, Logger: logger}
	config.Limits = o.limits()
	config.Routable = netip.Addr.IsLoopback // of the addresses to give away: all of the demo is on this machine
	cfg := relay.Config{
		Follow:   follow.Config{Config: config, Peers: []string{upstream.Addr().String()}},
		Listener: served,
		NoVerify: o.noVerify,
		Observer: relay.Observer{Event: d.journal.relayed},
		// It is always one: it came from net.Listen.
		Advertise: []netip.AddrPort{netip.MustParseAddrPort(dialable(served.Addr()))},
	}
	record.of(&cfg.Follow)
	if d.relay, err = relay.New(cfg); err != nil {
		upstream.Close()
		served.Close()
		closeSubmit(submit)
		return err
	}
	d.introduce(upstream.Addr(), served.Addr(), submit, made, o)
	run("upstream node", func() error {
		cfg := config
		cfg.Sources = d.chain.Sources()
		cfg.Sources.TxSubmission = func(context.Context, *node.Conn) txsubmission.Sink {
			return mempool{d.journal, d.wallet, fail}
		}
		return node.Serve(ctx, upstream, cfg)
	})
	run("relay", func() error { return d.relay.Run(ctx) })
	if submit != nil {
		run("endpoint", func() error {
			e := &endpoint{relay: d.relay, told: tellSubmitted(out)}
			return e.serve(ctx, submit)
		})
	}
	run("follower", func() error {
		return d.follow(ctx, follow.Config{
			Config: config, Peers: []string{dialable(served.Addr())},
			TxSubmission: func(context.Context, *node.Conn) txsubmission.Source { return d.wallet },
		})
	})

	grown := make(chan struct{})
	nodes.Go(func() {
		defer close(grown)
		if err := d.grow(ctx, o.exitAtTip); err != nil {
			fail(err)
		}
	})
	if err := d.wait(ctx, failed, grown, o.exitAtTip); err != nil {
		return err
	}
	return d.compare()
}

// demoNetwork is in Conway from its start, with epochs of about 200 blocks.
func demoNetwork() ledger.Network {
	n := chaintest.Network()
	n.SecurityParam, n.ActiveSlots = 20, ledger.Ratio{Num: 1, Den: 5}
	n.Eras[ledger.Byron].EpochLength = 10 * n.SecurityParam
	for e := ledger.Shelley; e <= ledger.Conway; e++ {
		n.Eras[e].EpochLength = 1000 // 10 k/f slots
	}
	return n
}

func demoChecks(o *options) string {
	if o.noVerify {
		return "Checked: that headers follow each other, and that bodies are those of their\nheaders. Not checked, as -no-verify says: signatures and VRF proofs."
	}
	return "Verified: links, certificates, KES signatures and VRF proofs of headers, and that\nbodies are those of their headers. Not verified: who has stake, ledger rules; without\nstake anybody can forge a header that passes."
}

// dialable is where to reach a listener from this machine.
func dialable(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
}

func (d *demo) introduce(upstream, served net.Addr, submit net.Listener, made time.Duration, o *options) {
	endpoint, address := "", ""
	if submit != nil {
		address = submit.Addr().String()
		endpoint = fmt.Sprintf("  endpoint  %-16s takes transactions at http://%s%s\n", submit.Addr(), dialable(submit.Addr()), submitPath)
	}
	stop := ""
	if !o.exitAtTip {
		stop = d.lines(dialable(served)) + "\nCtrl-C ends the demo.\n"
	}
	bytes := 0
	blocks := d.chain.Blocks()
	verified, not := o.checked()
	for _, b := range blocks {
		bytes += len(b.Raw)
	}
	d.out.event(event{
		Event: "demo_start", Verified: verified, NotVerified: not, Network: d.network.Name, Magic: d.network.Magic, Listen: served.String(), Submit: address,
		text: fmt.Sprintf(`Three nodes in this process, talking node-to-node over TCP:

  upstream  %-16s made a chain of %s blocks, %s, in %s and will make more
  relay     %-16s follows upstream, checks and keeps blocks, serves them
  follower  %-16s follows the relay, holds what it gets against upstream's,
                             and makes transactions, which the relay passes on
%s
%s
%s`, upstream, count(len(blocks)), size(float64(bytes)), made.Round(time.Millisecond), served, "", endpoint, demoChecks(o), stop),
	})
}

// lines are commands that work with the relay of the demo. The transaction is an
// empty one: there is no ledger here to refuse it.
func (d *demo) lines(relay string) string {
	blocks := d.chain.Blocks()
	last := blocks[len(blocks)-1].Header.Point()
	first := blocks[max(0, len(blocks)-10)].Header.Point()
	const run = "  go run ./examples/"
	return fmt.Sprintf("\nIts network has the magic %d. Try, in another terminal:\n\n", d.network.Magic) +
		fmt.Sprintf(run+"tip -magic %d %s\n", d.network.Magic, relay) +
		fmt.Sprintf(run+"follow -magic %d -count 5 -from %v %s\n", d.network.Magic, last, relay) +
		fmt.Sprintf(run+"fetch -magic %d -o demo.blocks %s %v %v\n", d.network.Magic, relay, first, last) +
		fmt.Sprintf("  echo 84a0a0f5f6 | go run ./examples/submit -magic %d - %s\n", d.network.Magic, relay)
}

// grow lets the chain grow once the follower has the initial blocks, switches
// to a fork, and lets it grow on. Now and then the follower makes a transaction.
func (d *demo) grow(ctx context.Context, end bool) error {
	if !d.journal.waitFor(ctx, d.chain.Tip()) {
		return nil
	}
	ticks := time.NewTicker(d.pause)
	defer ticks.Stop()
	for n := 1; ; n++ {
		select {
		case <-ticks.C:
		case <-ctx.Done():
			return nil
		}
		if n%d.pay == 1 {
			if err := d.wallet.pay(); err != nil {
				return err
			}
		}
		switch {
		case n == d.until+1:
			// A fork left before the follower had it would not be seen.
			if !d.journal.waitFor(ctx, d.chain.Tip()) {
				return nil
			}
			d.journal.forking(d.back, d.forward)
			d.journal.grow(func() { d.chain.Switch(d.back, d.forward) })
		case end && n > 2*d.until+1:
			return nil
		default:
			d.journal.grow(func() { d.chain.Grow(1) })
		}
	}
}

// follow is the third node.
func (d *demo) follow(ctx context.Context, cfg follow.Config) error {
	for ev, err := range follow.Follow(ctx, cfg) {
		if err != nil {
			return err
		}
		if err := d.journal.followed(ev); err != nil {
			return err
		}
	}
	return nil
}

// settleTime is how long the last block may take to the follower.
const settleTime = time.Minute

// wait waits for Ctrl-C, or for the end of the chain to arrive.
func (d *demo) wait(ctx context.Context, failed <-chan error, grown <-chan struct{}, end bool) error {
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		if end {
			return errors.New("stopped before the demo was over")
		}
		return nil
	case <-grown:
	}
	if ctx.Err() != nil {
		return nil
	}
	late, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	arrived := make(chan bool, 1)
	go func() {
		arrived <- d.journal.waitFor(late, d.chain.Tip()) && d.journal.waitForTxs(late, d.wallet.made())
	}()
	select {
	case err := <-failed:
		return err
	case ok := <-arrived:
		if !ok {
			return errors.New("the last block or transaction did not arrive: this is a bug, please report it")
		}
		return nil
	}
}

// compare is the summary: the follower's blocks against upstream's.
func (d *demo) compare() error {
	blocks, bytes, err := d.journal.compare()
	if err != nil {
		return err
	}
	txs := d.relay.Status().Txs
	d.out.event(event{
		Event: "demo_end", FollowerBlocks: blocks, FollowerBytes: bytes, RelayedTxs: &txs.Passed,
		text: fmt.Sprintf("\nThe follower holds %s, %s: the same bytes as upstream, block for block, after %s.\nThe relay passed on %s, the same bytes as well.",
			plural(blocks, "block"), size(float64(bytes)), plural(d.journal.rollbacks(), "rollback"), plural(txs.Passed, "transaction")),
	})
	return nil
}
