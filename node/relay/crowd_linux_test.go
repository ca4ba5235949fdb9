package relay

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
)

// crowdFolder makes a folder of blocks of a size in 16 chunks, with 300 blocks or so each.
func crowdFolder(tb testing.TB, size int) (*immutable.DB, []ledger.Block) {
	n := chaintest.Network()
	n.Eras[ledger.Byron].EpochLength = 6000
	blocks := chaintest.NewGenerator(chaintest.Config{BlockSize: size, Network: n}).Blocks(4800)
	db, err := immutable.OpenAppend(tb.TempDir(), immutable.Options{Network: n})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	for _, b := range blocks {
		if err := db.Append(b); err != nil {
			tb.Fatal(err)
		}
	}
	return db, blocks
}

// reads returns how often the process has read from files and sockets.
func reads(tb testing.TB) (n int) {
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		tb.Skip("the kernel does not count reads: ", err)
	}
	if i := bytes.Index(b, []byte("syscr: ")); i >= 0 {
		fmt.Sscanf(string(b[i:]), "syscr: %d", &n)
	}
	return n
}

func cpu(tb testing.TB) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// An operation is a block, or a header, that one of 64 readers gets from a folder. They
// are spread over the chain.
func BenchmarkCrowd(b *testing.B) {
	const readers, length = 64, 50
	for _, size := range []int{1000, 18_000, 72_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			db, blocks := crowdFolder(b, size)
			s := newStore(db, 0)
			run := func(b *testing.B, read func(i, n int) error) {
				b.ReportAllocs()
				b.SetBytes(int64(len(blocks[0].Raw)))
				b.ResetTimer()
				readBefore, cpuBefore := reads(b), cpu(b)
				var crowd sync.WaitGroup
				for r := range readers {
					crowd.Go(func() {
						at := r * len(blocks) / readers
						for left := b.N / readers; left > 0; left -= length {
							n := min(left, length)
							if at+n >= len(blocks) {
								at = 0
							}
							if err := read(at, n); err != nil {
								b.Error(err)
								return
							}
							at += n
						}
					})
				}
				crowd.Wait()
				b.ReportMetric(float64(reads(b)-readBefore)/float64(b.N), "reads/op")
				b.ReportMetric(float64(cpu(b)-cpuBefore)/float64(b.N), "cpu-ns/op")
			}
			b.Run("blocks", func(b *testing.B) {
				run(b, func(i, n int) error {
					seq, err := s.Range(b.Context(), blocks[i].Header.Point(), blocks[i+n-1].Header.Point())
					if err != nil {
						return err
					}
					for raw, err := range seq {
						if err != nil || len(raw) == 0 {
							return err
						}
					}
					return nil
				})
			})
			b.Run("headers", func(b *testing.B) {
				run(b, func(i, n int) error {
					f := newFollower(s)
					f.at, f.back = blocks[i].Header.Point(), false
					for range n {
						if u, err := f.Next(b.Context()); u == nil || err != nil {
							return err
						}
					}
					return nil
				})
			})
		})
	}
}
