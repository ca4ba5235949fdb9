package relay

import (
	"bufio"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ouronet/ouronet/chaintest"
	"github.com/ouronet/ouronet/internal/testing/testenv"
	"github.com/ouronet/ouronet/ledger"
	"github.com/ouronet/ouronet/ledger/immutable"
	"github.com/ouronet/ouronet/node"
	"github.com/ouronet/ouronet/node/follow"
)

var sparseBlocks = flag.Int("relay.sparse", 20, "blocks in each chunk of TestSparseFolder: 200 make 300 MB of files")

const sparseChunks, realChunks = 8600, 20

// sparseFolder makes a folder of as many chunks as mainnet has: their indexes are whole,
// but of the blocks only the first one and those of the last chunks are there.
func sparseFolder(t *testing.T) (dir string, last []ledger.Block) {
	dir, part := t.TempDir(), t.TempDir()
	n := chaintest.Network()
	slots := n.Eras[ledger.Byron].EpochLength
	name := func(dir string, chunk int, kind string) string {
		return filepath.Join(dir, fmt.Sprintf("%05d.%s", chunk, kind))
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// primary makes the file of a chunk with a block in each so many slots.
	primary := func(step uint64, blocks int) []byte {
		b, offset := []byte{1, 0, 0, 0, 0}, 0
		for slot := range slots + 1 { // 0 is the place of a boundary block
			if slot > 0 && (slot-1)%step == 0 && offset < blocks*56 {
				offset += 56
			}
			b = binary.BigEndian.AppendUint32(b, uint32(offset))
		}
		return b
	}
	const size, header = 20_000, 860
	entry := func(dst []byte, i int, e ledger.Header, headerOffset, headerSize int) []byte {
		dst = binary.BigEndian.AppendUint64(dst, uint64(i*size))
		dst = binary.BigEndian.AppendUint16(dst, uint16(headerOffset))
		dst = binary.BigEndian.AppendUint16(dst, uint16(headerSize))
		dst = binary.BigEndian.AppendUint32(dst, 0)
		dst = append(dst, e.Hash[:]...)
		return binary.BigEndian.AppendUint64(dst, uint64(e.Slot))
	}

	g := chaintest.NewGenerator(chaintest.Config{BlockSize: 1000, Network: n})
	first := g.NextAfter(0, 1000)
	check(os.WriteFile(name(dir, 0, "chunk"), first.Raw, 0o644))
	offset := strings.Index(string(first.Raw), string(first.Header.Raw.Bytes))
	check(os.WriteFile(name(dir, 0, "secondary"), entry(nil, 0, first.Header, offset, len(first.Header.Raw.Bytes)), 0o644))
	b := []byte{1}
	for slot := range slots + 2 {
		value := uint32(0)
		if slot > uint64(first.Header.Slot)+1 {
			value = 56
		}
		b = binary.BigEndian.AppendUint32(b, value)
	}
	check(os.WriteFile(name(dir, 0, "primary"), b, 0o644))

	blocks := *sparseBlocks
	step := slots / uint64(blocks)
	check(os.WriteFile(name(dir, 1, "primary"), primary(step, blocks), 0o644))
	for chunk := 1; chunk < sparseChunks-realChunks; chunk++ {
		if chunk > 1 { // offsets are the same in each
			check(os.Link(name(dir, 1, "primary"), name(dir, chunk, "primary")))
		}
		f, err := os.Create(name(dir, chunk, "chunk"))
		check(err)
		check(f.Truncate(int64(blocks * size)))
		check(f.Close())
		var entries []byte
		for i := range blocks {
			e := ledger.Header{Slot: ledger.Slot(uint64(chunk)*slots + uint64(i)*step)}
			if e.Hash = first.Header.Hash; i+1 < blocks { // the last one is the next real block's predecessor
				binary.BigEndian.PutUint64(e.Hash[:], uint64(e.Slot))
			}
			entries = entry(entries, i, e, 3, header)
		}
		check(os.WriteFile(name(dir, chunk, "secondary"), entries, 0o644))
	}

	db, err := immutable.OpenAppend(part, immutable.Options{Network: n})
	check(err)
	for block := g.NextAfter(ledger.Slot(slots*(sparseChunks-realChunks)), 1000); uint64(block.Header.Slot) < slots*sparseChunks; block = g.Next() {
		check(db.Append(block))
		last = append(last, block)
	}
	check(db.Close())
	for chunk := sparseChunks - realChunks; chunk < sparseChunks; chunk++ {
		for _, kind := range []string{"chunk", "secondary", "primary"} {
			check(os.Rename(name(part, chunk, kind), name(dir, chunk, kind)))
		}
	}
	return dir, last
}

// sparseChild opens the folder for appending, and a relay that serves it, until its input
// ends.
func sparseChild(t *testing.T, dir string) {
	n := chaintest.Network()
	db, err := immutable.OpenAppend(dir, immutable.Options{Network: n})
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(Config{Follow: follow.Config{Config: node.Config{Network: n}}, ServeOnly: true, Listener: l, ImmutableDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		fmt.Println("listens", l.Addr(), cpu(t))
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	t.Error(r.Run(t.Context()))
}

// A folder with as many chunks as mainnet's is opened, to append to it and to serve it,
// within a second, and takes less than 64 MB.
func TestSparseFolder(t *testing.T) {
	if dir := os.Getenv("OURONET_SPARSE"); dir != "" {
		sparseChild(t, dir)
		return
	}
	dir, last := sparseFolder(t)
	command := exec.Command(os.Args[0], "-test.run", "^TestSparseFolder$")
	command.Env = append(os.Environ(), "OURONET_SPARSE="+dir)
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = os.Stderr
	start := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Wait()
	defer in.Close()
	line, err := bufio.NewReader(out).ReadString('\n')
	took := time.Since(start)
	var address string
	var used time.Duration
	if _, scanned := fmt.Sscanf(line, "listens %s %d", &address, &used); err != nil || scanned != nil {
		rest, _ := io.ReadAll(out)
		t.Fatalf("%s%s%v", line, rest, err)
	}
	conn, err := node.Dial(t.Context(), address, node.Config{Network: chaintest.Network()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	from, served := len(last)-300, 0
	for b, err := range conn.Blocks(t.Context(), last[from].Header.Point(), last[len(last)-1].Header.Point()) {
		if err != nil || string(b.Raw) != string(last[from+served].Raw) {
			t.Fatalf("block %d of the last ones: %v", served, err)
		}
		served++
	}
	// A point of a sparse chunk is found by its index.
	p := ledger.Point{Slot: ledger.Slot(4320 * 5000)}
	binary.BigEndian.PutUint64(p.Hash[:], uint64(p.Slot))
	copy(p.Hash[8:], last[0].Header.Prev[8:])
	if at, _, err := conn.ChainSync().Intersect(t.Context(), p); at != p || err != nil {
		t.Errorf("intersection at %v: %v", at, err)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var rss int
	if i := strings.Index(string(status), "VmHWM:"); i >= 0 {
		fmt.Sscanf(string(status[i:]), "VmHWM: %d kB", &rss)
	}
	t.Logf("listens after %v, of which it used the processor for %v; %d kB of memory at most; serves %d blocks", took, used, rss, served)
	if testenv.Race {
		t.Skip("the race detector takes time and memory of its own")
	}
	// Not by the clock: what else runs on the machine takes its time, too.
	if used > time.Second || rss == 0 || rss > 64<<10 || served != 300 {
		t.Errorf("used the processor for %v and %d kB, served %d blocks", used, rss, served)
	}
}
