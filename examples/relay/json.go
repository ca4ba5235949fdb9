package main

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"
)

// jsonOutput writes for programs: an object a line.
type jsonOutput struct {
	stderr io.Writer

	mu sync.Mutex
	w  io.Writer
}

func (j *jsonOutput) event(e event) {
	if e.Event == "" {
		return // only for people
	}
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.Time = e.Time.UTC().Truncate(time.Millisecond)
	j.mu.Lock()
	defer j.mu.Unlock()
	b, err := json.Marshal(e)
	if err != nil {
		return // all fields have an encoding
	}
	j.w.Write(append(b, '\n'))
}

func (j *jsonOutput) line(string)    {}
func (j *jsonOutput) close()         {}
func (j *jsonOutput) log() logWriter { return zapcore.Lock(zapcore.AddSync(j.stderr)) }
