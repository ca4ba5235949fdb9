package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/ouronet/ouronet/node/follow"
	"github.com/ouronet/ouronet/trace"
)

// recording is the file of -record. A nil one records nothing.
type recording struct {
	file     *os.File
	recorder *trace.Recorder
}

// recordQueue is what may wait for the disk, in bytes, before a connection is cut
// short in the recording: over loopback, blocks come at gigabytes a second.
const recordQueue = 64 << 20

// record begins what -record asks for.
func (o *options) record() (*recording, error) {
	if o.recordTo == "" {
		return nil, nil
	}
	// An earlier recording may be the only one of its kind.
	f, err := os.OpenFile(o.recordTo, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("-record %s: the file is there already: give another name, or remove it", o.recordTo)
	case err != nil:
		return nil, fmt.Errorf("-record: %w: give a file that can be made", err)
	}
	return &recording{f, trace.NewRecorder(f, trace.Config{QueueBytes: recordQueue, MaxBytes: o.recordMax})}, nil
}

// of records all connections of a relay, and what it decides.
func (r *recording) of(cfg *follow.Config) {
	if r != nil {
		cfg.Mux.Record = r.recorder.Record
		cfg.Decisions = r.recorder.Core("chain")
	}
}

// drop removes a recording of nothing.
func (r *recording) drop() {
	if r != nil {
		r.recorder.Close()
		r.file.Close()
		os.Remove(r.file.Name())
	}
}

// end closes the recording and tells what it is. All connections must have
// ended.
func (r *recording) end(out output) error {
	if r == nil {
		return nil
	}
	name := r.file.Name()
	err := r.recorder.Close()
	info, statErr := r.file.Stat()
	if err = errors.Join(err, statErr, r.file.Close()); err != nil {
		return fmt.Errorf("-record %s: not all is recorded: %w", name, err)
	}
	e := event{Event: "recorded", File: name, Recorded: info.Size(), Truncated: r.recorder.Truncated()}
	e.text = fmt.Sprintf("recorded %s: go run ./cmd/ouronet decode %s", size(float64(info.Size())), name)
	if e.Truncated > 0 {
		e.text += fmt.Sprintf("\n%s of connections and of decisions cut short: the file was full, see -record-max, or the disk too slow",
			plural(e.Truncated, "recording"))
	}
	out.event(e)
	return nil
}
