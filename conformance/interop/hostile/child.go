//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// longest is how long a child lives at most, whatever happens to its parent.
const longest = 10 * time.Minute

// child reports whether this process is the server or the load.
func child() bool { return *serve != "" || *load != "" }

// runChild is such a process, until its standard input ends.
func runChild(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if *load != "" {
		return runLoad(ctx, *load, *conns, *hostile)
	}
	switch *serve {
	case "ouronet":
		return serveOurs(ctx, *upstream)
	case "gouroboros":
		return serveTheirs(ctx, *upstream)
	}
	return fmt.Errorf("no server %q", *serve)
}

// process is a child seen by its parent.
type process struct {
	*exec.Cmd
	in  io.Closer
	out *bufio.Reader
}

// start runs this program with other arguments and waits for its first line. At
// low priority it takes the nice command, for the sake of all threads.
func start(ctx context.Context, low bool, args ...string) (p *process, first string, err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	cmd := exec.CommandContext(ctx, exe, args...)
	if low {
		cmd = exec.CommandContext(ctx, "nice", append([]string{"-n", "19", exe}, args...)...)
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	p = &process{cmd, in, bufio.NewReader(out)}
	first, err = p.out.ReadString('\n')
	if err != nil {
		p.stop(nil)
		return nil, "", fmt.Errorf("%v ended before it began: %w", args, err)
	}
	return p, strings.TrimSpace(first), nil
}

// stop ends the process and takes what it reports, if anything.
func (p *process) stop(report any) error {
	p.in.Close()
	timer := time.AfterFunc(20*time.Second, func() { p.Process.Kill() })
	defer timer.Stop()
	var err error
	if report != nil {
		err = json.NewDecoder(p.out).Decode(report)
	}
	if ended := p.Wait(); err == nil {
		err = ended
	}
	return err
}
