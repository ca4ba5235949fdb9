package main

import (
	"context"
	"io"
	"strings"

	"github.com/ouronet/ouronet/internal/cli"
	"github.com/ouronet/ouronet/internal/logging"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/relay"
)

// options are the flags.
type options struct {
	demo      bool
	network   cli.Network
	peers     cli.Addresses
	serveOnly bool // -peer none
	listen    string
	advertise cli.Addresses
	submit    string // "" if no transactions are taken over HTTP

	maxInbound, maxPerAddress *int

	data      string
	immutable string
	keep      int64
	keepLast  uint64 // blocks, of -keep-blocks
	noVerify  bool
	exitAtTip bool
	json      bool
	log       levels
	recordTo  string
	recordMax int64
}

// command is the program.
var command = cli.Program{
	Name: "relay",
	About: `Follows Cardano nodes, keeps their blocks and serves them to other nodes.

It verifies headers (links, certificates, KES signatures, VRF proofs) and that
each block is the one its header promises. It does NOT know who has stake, nor
check ledger rules: without stake anybody can forge a header that passes, so
follow only nodes that you trust.`,
	Examples: []string{
		"-demo # three nodes in one process, no network needed",
		"-network preview # follow preview, blocks in memory",
		"-network preview -data ./preview-db -listen :3001 # keep the chain in a folder, go on from it, and serve other machines, too",
		"-network preview -record relay.trace # write a recording, for \"go run ./cmd/ouronet decode relay.trace\" afterwards",
	},
	Orderly: true,
	Setup: func(c *cli.Command) cli.Run {
		o := declare(c)
		return func(ctx context.Context, _ io.Writer) error { return o.run(ctx, newOutput(o, c.Stdout, c.Stderr)) }
	},
}

// declare declares the flags, which fill the options.
func declare(f *cli.Command) *options {
	o := &options{keep: relay.DefaultKeep, listen: "127.0.0.1:0"}
	o.log.init()
	f.BoolVar(&o.demo, "demo", false, "show a relay between two other nodes, all in this process; no network needed")
	o.network.Declare(f.FlagSet, "`NUMBER`, the network magic: of a public network; with -genesis, the one that its\nfiles must have; with -no-verify, of any network")
	f.Func("peer", "`HOST:PORT` of a node to follow, in place of the network's bootstrap peers;\nmay be given again for more; none: follow no peer, only serve", func(s string) error {
		if s == "none" {
			o.serveOnly = true
			return nil
		}
		return o.peers.Set(s)
	})
	f.Func("listen", "`HOST:PORT` to serve on; port 0 is any that is free (default "+o.listen+")", func(s string) error {
		o.listen = s
		return cli.CheckAddress(s, false)
	})
	o.maxInbound = f.Number("max-inbound", node.DefaultInbound, 1, cli.UnlimitedNumber, "`NUMBER` of connections that other nodes may open")
	o.maxPerAddress = f.Number("max-per-address", node.DefaultPerAddress, 0, cli.UnlimitedNumber, "`NUMBER` of them from one IP address, twice as many from one IPv6 /64; 0 is any.\nDoes not hold for peers given with -peer")
	f.Var(&o.advertise, "advertise", "`HOST:PORT` to give to nodes that ask for peers, such as this relay's public address;\nmay be given again for more; none is given by default")
	f.Func("submit", "`HOST:PORT` to take transactions on from other programs, as cardano-submit-api does:\nPOST their CBOR to "+submitPath+"; without HOST, only programs on this machine\nreach it; off by default", func(s string) error {
		o.submit = s
		return cli.CheckAddress(s, false)
	})
	f.StringVar(&o.data, "data", "", "`DIR`, the folder of a node as cardano-node has it, to keep the chain in and go on\nfrom; made if it is not there; chunk files in DIR itself are moved to DIR/immutable")
	f.StringVar(&o.immutable, "immutable", "", "`DIR` to start from and only read: the folder of a node, or the one in it with the\nchunk files")
	f.Func("keep", "`BYTES` of blocks in memory at most, such as 512MiB, without -data (default 1GiB)", func(s string) (err error) {
		o.keep, err = parseBytes(s)
		return err
	})
	f.Uint64Var(&o.keepLast, "keep-blocks", 0, "`NUMBER` of blocks to keep in -data at least, besides those that can be rolled back;\nolder ones are dropped, and nodes that need them must get them elsewhere;\nall are kept by default")
	f.BoolVar(&o.noVerify, "no-verify", false, "do not verify certificates, KES signatures and VRF proofs of headers")
	f.BoolVar(&o.exitAtTip, "exit-at-tip", false, "end at the tip of every connected peer; fail if none is reached for a minute")
	f.BoolVar(&o.json, "json", false, "one JSON object a line for programs, in place of text")
	f.Func("log-level", "`LEVEL` of the log on stderr: debug, info, warn, error (default) or off;\nPART=LEVEL for a part of it ("+strings.Join(logging.Parts(), ", ")+"),\nseveral with commas; @FILE to read them from a file, and again on SIGHUP", o.log.flag)
	f.StringVar(&o.recordTo, "record", "", "`FILE` to create, for all bytes on connections, transactions included, and all\ndecisions; \"go run ./cmd/ouronet decode FILE\" prints it")
	f.Func("record-max", "`BYTES` that the file of -record may have (default 1GiB)", func(s string) (err error) {
		o.recordMax, err = parseBytes(s)
		return err
	})
	for _, with := range []struct{ flag, other, reason string }{
		{"demo", "network", "the demo makes its own chain"},
		{"demo", "genesis", "the demo makes its own chain"},
		{"demo", "magic", "the demo makes its own chain"},
		{"demo", "peer", "the demo brings its own peers"},
		{"demo", "advertise", "the demo gives away its own address"},
		{"demo", "data", "the demo keeps nothing"},
		{"demo", "immutable", "the demo makes its own chain"},
		{"demo", "keep", "the demo's chain is small"},
		{"genesis", "network", "give one of them"},
		{"data", "immutable", "give one of them: to append to, or only to read"},
		{"data", "keep", "with -data no more than 16 MiB of blocks stay in memory"},
	} {
		f.Exclude(with.flag, with.other, with.reason)
	}
	f.Check(func() error { return o.check(f.Given) })
	return o
}

// check finds what is missing, and what [cli.Command.Exclude] does not know.
func (o *options) check(given func(flag string) bool) error {
	switch {
	case !o.demo && !given("network") && !given("genesis") && !given("magic"):
		return cli.Usagef("the network to follow is missing: give -network NAME, -genesis DIR or -magic NUMBER, or -demo, which needs none")
	case given("genesis") && len(o.peers) == 0 && !o.serveOnly:
		return cli.Usagef("-genesis needs -peer HOST:PORT: only known networks have bootstrap peers")
	case given("record") && o.recordTo == "":
		return cli.Usagef("-record needs the name of a file to be made")
	case given("record-max") && !given("record"):
		return cli.Usagef("-record-max needs -record FILE")
	case given("keep-blocks") && o.data == "":
		return cli.Usagef("-keep-blocks needs -data DIR: it is about the blocks in there")
	case o.serveOnly && (len(o.peers) > 0 || o.exitAtTip):
		return cli.Usagef("-peer none goes neither with other peers nor with -exit-at-tip")
	case o.serveOnly && o.submit != "":
		return cli.Usagef("-submit does not go with -peer none: there is no node to pass transactions to")
	}
	return nil
}

// limits are those of connections that other nodes open.
func (o *options) limits() node.Limits {
	l := node.Limits{Inbound: *o.maxInbound, PerAddress: *o.maxPerAddress}
	if l.PerAddress == 0 {
		l.PerAddress = -1
	}
	return l
}

// chain returns the network to be on.
func (o *options) chain() (ledger.Network, error) {
	n, err := o.network.Load()
	if err != nil || cli.Known(n) {
		return n, err
	}
	const give = "give -genesis DIR, the folder with the network's genesis files"
	switch {
	case !o.noVerify:
		return n, cli.Usagef("-magic %d is of no public network, and to verify headers takes more than a magic: %s, or -no-verify", n.Magic, give)
	case o.data != "" || o.immutable != "":
		return n, cli.Usagef("-magic %d is of no public network, and to keep or read a folder takes more than a magic: %s", n.Magic, give)
	case len(o.peers) == 0:
		return n, cli.Usagef("-magic %d is of no public network, which has no bootstrap peers: give -peer HOST:PORT", n.Magic)
	}
	return n, nil
}

// checkKeep checks -keep-blocks, when the network is known.
func (o *options) checkKeep(n ledger.Network) error {
	if least := relay.LeastKeepBlocks(n); o.keepLast > 0 && o.keepLast < least {
		return cli.Usagef("-keep-blocks is %d: take %d or more on this network, or leave the flag out to keep all", o.keepLast, least)
	}
	return nil
}
