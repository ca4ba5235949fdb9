package trace

import (
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/ouronet/ouronet/internal/wake"
	"github.com/ouronet/ouronet/mux"
)

// Config adjusts a [Recorder]. The zero value works.
type Config struct {
	// QueueBytes bounds the bytes that wait to be written; 0 is 4 MiB. The recorder may
	// hold twice as many.
	QueueBytes int

	// MaxBytes is the size that the file may reach, give or take a few marks;
	// 0 is 1 GiB.
	MaxBytes int64

	// Pcapng writes a capture for packet tools in place of our own format, about as
	// large: IPv4 and TCP headers are made up, and decisions are left out.
	Pcapng bool
}

// Recorder writes the bytes of connections and the decisions of pure cores to one file.
// It never delays its callers: it copies to a queue, which one goroutine writes. A
// connection or core that meets a full queue or file is marked as truncated, and its
// recording ends there; others go on.
//
// Its methods may be called from any goroutine.
type Recorder struct {
	start time.Time
	limit int
	out   sink
	done  chan struct{}
	work  wake.One // there is something to write
	full  wake.One // there is so much that writing should not wait for more

	mu        sync.Mutex // guards what follows
	queue     []byte     // whole records without checksums
	marks     []byte     // Truncated records, to be written behind queue
	left      int64      // bytes that the file may still grow
	ids       uint32
	truncated uint64
	closed    bool
	err       error // of writing
}

// sink writes whole records with checksums.
type sink interface {
	write(records []byte) error
}

// NewRecorder starts a recording to w, to which one goroutine writes until
// [Recorder.Close]. Writing may block: then only the recording suffers.
func NewRecorder(w io.Writer, cfg Config) *Recorder {
	if cfg.QueueBytes <= 0 {
		cfg.QueueBytes = 4 << 20
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 1 << 30
	}
	r := &Recorder{
		start: time.Now(),
		limit: cfg.QueueBytes,
		left:  cfg.MaxBytes - fileHead,
		done:  make(chan struct{}),
		work:  wake.NewOne(),
		full:  wake.NewOne(),
	}
	if cfg.Pcapng {
		r.out = &transcoder{w: NewPcapngWriter(w), start: r.start}
	} else {
		r.out = &file{w: w, start: r.start}
	}
	go r.run()
	return r
}

// Record is a value for mux.Config.Record: all connections of that configuration are
// recorded.
func (r *Recorder) Record(conn net.Conn) mux.Recorder {
	local, remote := address(conn.LocalAddr()), address(conn.RemoteAddr())
	s := &stream{r: r}
	text := appendText(appendText(nil, local), remote)
	if !s.begin(Opened, text) {
		return nil
	}
	return &recorded{stream: s}
}

func address(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}

// Core begins the recording of a pure core's decisions.
func (r *Recorder) Core(name string) *Decisions {
	s := &stream{r: r}
	s.begin(CoreBegun, []byte(clip(name)))
	return &Decisions{stream: s}
}

// Truncated returns how many connections and cores have been marked truncated.
func (r *Recorder) Truncated() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int(r.truncated)
}

// Close writes what is queued and ends the recording. It returns the first error of
// writing. It does not close the file.
func (r *Recorder) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.work.Wake()
	r.full.Wake()
	<-r.done
	return r.err
}

// linger is how long little waits to be written together with what follows:
// waking up for every read costs more than the copies do.
const linger = 100 * time.Millisecond

// run writes the queue until the recording is closed.
func (r *Recorder) run() {
	defer close(r.done)
	var free []byte
	pause := time.NewTimer(linger)
	defer pause.Stop()
	err := r.out.write(nil)
	for {
		r.mu.Lock()
		batch, marks, closed := r.queue, r.marks, r.closed
		r.queue, r.marks = free[:0], nil
		if closed {
			marks = append(marks, appendHead(nil, Finished, time.Since(r.start), 0, r.truncated, 0)...)
		}
		if err != nil {
			r.err = err
			r.left = 0 // so that everything is truncated from here on
		}
		r.mu.Unlock()
		for _, records := range [][]byte{batch, marks} {
			if seal(records); err == nil {
				err = r.out.write(records)
			}
		}
		free = batch
		if closed {
			r.mu.Lock()
			r.err = err
			r.mu.Unlock()
			return
		}
		<-r.work
		pause.Reset(linger)
		select {
		case <-r.full:
		case <-pause.C:
		}
	}
}

// stream is one connection or core. Recorder.mu guards it.
type stream struct {
	r         *Recorder
	id        uint32
	truncated bool
	ended     bool
}

// begin opens the stream; it reports false if nothing of it is recorded.
func (s *stream) begin(kind Kind, text []byte) bool {
	r := s.r
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.err != nil {
		s.ended = true
		return false
	}
	r.ids++
	s.id = r.ids
	return s.put(kind, 0, len(text), text)
}

// put queues one record of n bytes, or marks the stream truncated.
func (s *stream) put(kind Kind, number uint64, n int, parts ...[]byte) bool {
	r := s.r
	if s.truncated || s.ended || r.closed {
		return false
	}
	size := recordHead + bodyHead + n
	at := time.Since(r.start)
	if len(r.queue)+size > r.limit || int64(size) > r.left || n > sha256.Size+maxStep {
		s.truncated = true
		r.truncated++
		r.marks = appendHead(r.marks, Truncated, at, s.id, number, 0)
		r.work.Wake()
		return false
	}
	r.left -= int64(size)
	if r.queue == nil {
		r.queue = make([]byte, 0, min(r.limit, 1<<16))
	}
	r.queue = appendHead(r.queue, kind, at, s.id, number, n)
	for _, p := range parts {
		r.queue = append(r.queue, p...)
	}
	r.work.Wake()
	if len(r.queue) > r.limit/4 {
		r.full.Wake()
	}
	return true
}

// recorded is the mux.Recorder of one connection.
type recorded struct {
	*stream
	in, out uint64 // bytes so far
}

// Received implements mux.Recorder.
func (c *recorded) Received(p []byte) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	for part := range slices.Chunk(p, maxData) {
		c.put(Received, c.in, len(part), part)
		c.in += uint64(len(part))
	}
}

// Sending implements mux.Recorder.
func (c *recorded) Sending(bufs net.Buffers) {
	n := 0
	for _, b := range bufs {
		n += len(b)
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	if n <= maxData {
		c.put(Sent, c.out, n, bufs...)
		c.out += uint64(n)
		return
	}
	for _, b := range bufs {
		for part := range slices.Chunk(b, maxData) {
			c.put(Sent, c.out, len(part), part)
			c.out += uint64(len(part))
		}
	}
}

// Ended implements mux.Recorder.
func (c *recorded) Ended(err error) {
	text := ""
	if err != nil {
		text = clip(err.Error())
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.put(Ended, 0, len(text), []byte(text))
	c.ended = true
}

// Decisions records one pure core. Its methods must not overlap.
type Decisions struct {
	*stream
	steps uint64
}

// Why a core is recorded no further.
var (
	errInput = errors.New("trace: input larger than a record can be: the core is recorded no further")
	errFull  = errors.New("trace: the queue or the file is full, writing failed, or the recorder is closed: the core is recorded no further")
)

// Step records one step of the core: the input that went in and the effects that came
// out, both in an encoding of the caller that does not change with the code. Only a
// hash of the effects is kept.
//
// An error says that this step, and so any later one, is not in the recording;
// the recorder has marked it. The caller may go on calling or not.
func (d *Decisions) Step(input, effects []byte) error {
	hash := sha256.Sum256(effects)
	d.r.mu.Lock()
	defer d.r.mu.Unlock()
	kept := d.put(Stepped, d.steps, len(hash)+len(input), hash[:], input)
	d.steps++
	switch {
	case kept:
		return nil
	case len(input) > maxStep:
		return errInput
	}
	return errFull
}

// file is the sink of our own format.
type file struct {
	w     io.Writer
	start time.Time
	begun bool
}

func (f *file) write(records []byte) error {
	if !f.begun {
		f.begun = true
		if _, err := f.w.Write(appendFileHead(nil, f.start)); err != nil {
			return err
		}
	}
	if len(records) == 0 {
		return nil
	}
	_, err := f.w.Write(records)
	return err
}
