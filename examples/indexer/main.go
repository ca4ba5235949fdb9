// Indexer follows a chain into an SQLite database: blocks, transactions, their fees,
// what they spend and what they make. However it ends, the next run goes on from there.
//
//	go -C examples/indexer run . -network preview -db /tmp/preview.db [HOST:PORT...]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process at once
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "indexer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	path := flag.String("db", "indexer.db", "`FILE` of the database; it is made if it is not there")
	name := flag.String("network", "preview", "`NETWORK`: mainnet, preprod, preview, or a folder with the genesis files of another one")
	from := flag.String("from", "origin", "`POINT` that the database begins after, SLOT.HASH or origin")
	exitAtTip := flag.Bool("exit-at-tip", false, "end where the chains of the connected nodes end")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: indexer [flags] [HOST:PORT...]\n\nFollows those nodes, or the network's bootstrap peers. Ctrl-C ends it.")
		flag.PrintDefaults()
	}
	flag.Parse()
	start, err := ledger.ParsePoint(*from)
	if err != nil {
		return fmt.Errorf("-from %s: give a slot number and 64 hex digits, SLOT.HASH, or origin", *from)
	}
	network, known := ledger.NetworkByName(*name)
	if !known {
		if network, err = ledger.LoadNetwork(*name); err != nil {
			return fmt.Errorf("-network %s: no public network, and no folder of another one: %w", *name, err)
		}
	}
	db, err := open(*path, network, start)
	if err != nil {
		return fmt.Errorf("%s: %w", *path, err)
	}
	defer db.Close()
	err = index(ctx, db, follow.Config{Config: node.Config{Network: network, Logger: slog.Default()}, Peers: flag.Args()}, *exitAtTip)
	if err != nil {
		return err // no summary: it would count what is not committed
	}
	return db.summary(os.Stdout)
}

// index follows the chain until ctx ends, or to its end with exitAtTip.
func index(ctx context.Context, db *database, cfg follow.Config, exitAtTip bool) error {
	follower, err := follow.NewFollower(cfg)
	if err != nil {
		return err
	}
	points, err := db.points(cfg.Network.SecurityParam)
	if err != nil {
		return err
	}
	next := time.Now() // when to tell more
	for ev, err := range follower.Events(ctx, points...) {
		if err != nil {
			if ctx.Err() != nil && !exitAtTip {
				err = nil // Ctrl-C is how it ends
			}
			return errors.Join(err, db.commit())
		}
		if err := db.apply(ev); err != nil {
			return err // what is not committed comes again in the next run
		}
		forward, ok := ev.(follow.RollForward)
		if ok && forward.More && db.pending < 1000 {
			continue
		}
		if err := db.commit(); err != nil {
			return err
		}
		atTip := atTip(db.saved.Point, follower.Peers())
		if ok && (atTip || time.Now().After(next)) {
			next = time.Now().Add(progress(os.Stderr, db.saved.Point.Slot, forward.Tip.Point.Slot))
		}
		if atTip && exitAtTip {
			return nil
		}
	}
	return nil
}

// atTip reports whether the longest chain that connected nodes say they have ends there.
func atTip(p ledger.Point, peers []follow.PeerStatus) bool {
	best, announced := ledger.Tip{}, false
	for _, peer := range peers {
		if t := peer.Tip; peer.Announced && (t.BlockNo > best.BlockNo || t.BlockNo == best.BlockNo && t.Point == p) {
			best = t
		}
		announced = announced || peer.Announced
	}
	return announced && best.Point == p
}

// progress tells how far the database is, on a terminal as a bar, and returns when to
// tell more.
func progress(w *os.File, at, end ledger.Slot) time.Duration {
	share := min(1, float64(at)/float64(max(1, end)))
	text := fmt.Sprintf("%3.0f%%, slot %d of %d", 100*share, at, end)
	if info, err := w.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		fmt.Fprintln(w, text)
		return 10 * time.Second
	}
	fmt.Fprintf(w, "[%-30s] %s\r", strings.Repeat("=", int(30*share)), text)
	return 100 * time.Millisecond
}
