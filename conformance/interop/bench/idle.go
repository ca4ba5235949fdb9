package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// idleReport is what a process with idle connections says of itself.
type idleReport struct {
	Goroutines float64 // a connection
	Bytes      float64 // heap and stack a connection
	RSS        int     // bytes, of the whole process; 0 if the system does not say
}

// idleIn measures count connections of a stack in a process of their own; the
// hand-written other ends are in this one.
func idleIn(s stack, count int) (idleReport, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return idleReport{}, err
	}
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				acceptIdle(conn)
			}()
		}
	}()
	name := ""
	for _, c := range columns {
		if c.stack == s {
			name = c.name
		}
	}
	var r idleReport
	return r, child(&r, "-idle", name, "-count", strconv.Itoa(count), "-addr", ln.Addr().String())
}

// child runs this program with other arguments and takes what it reports.
func child(report any, args ...string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(exe, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	return json.Unmarshal(out, report)
}

// idleMain is that process.
func idleMain(name string, count int, addr string) error {
	var s stack
	for _, c := range columns {
		if c.name == name {
			s = c.stack
		}
	}
	if s == nil {
		return fmt.Errorf("no stack %q", name)
	}
	goroutines, bytes := used()
	for range count {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		if err := s.idle(conn); err != nil {
			return err
		}
	}
	time.Sleep(time.Second) // the first keep-alives of both sides
	g, b := used()
	debug.FreeOSMemory()
	return json.NewEncoder(os.Stdout).Encode(idleReport{
		Goroutines: float64(g-goroutines) / float64(count),
		Bytes:      float64(b-bytes) / float64(count),
		RSS:        rss(),
	})
}

func used() (goroutines, bytes int) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), int(m.HeapAlloc + m.StackInuse)
}

// rss reads what Linux says.
func rss() int {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(fields[1])
	return pages * os.Getpagesize()
}

func idleRow(name, goal string) row {
	met := func(r result, _ float64) bool { return r.value <= 28e3 && r.goroutines <= 6.01 }
	return row{name: name, goal: goal, met: met, less: true, once: true, run: func(s stack) (result, error) {
		r, err := idleIn(s, 200)
		return result{
			value:      r.Bytes,
			text:       number(r.Bytes/1e3) + " kB",
			notes:      number(r.Goroutines) + " goroutines",
			goroutines: r.Goroutines,
		}, err
	}}
}

// crowdRow opens 5,000 connections, or as many as fit into a gigabyte, which
// the notes say.
func crowdRow(name, goal string) row {
	met := func(r result, _ float64) bool { return r.value <= 250e6 }
	return row{name: name, goal: goal, met: met, less: true, once: true, run: func(s stack) (result, error) {
		const want, memory = 5000, 1 << 30
		one, err := idleIn(s, 50)
		if err != nil {
			return result{}, err
		}
		count := min(want, int(memory/max(one.Bytes, 1)))
		r, err := idleIn(s, count)
		res := result{value: float64(r.RSS) * want / float64(count)}
		res.text = number(res.value/1e6) + " MB"
		if count < want {
			res.notes = fmt.Sprintf("from %d", count)
		}
		return res, err
	}}
}
