package mux

import (
	"net"
	"syscall"
)

// unsentBytes is how many bytes of ours the kernel may hold that it has not
// sent yet. What a channel queues waits behind them, and behind what is on its
// way, whatever its class; by default the kernel takes megabytes. It wakes the
// writer when half is left, which is plenty: less than a batch goes out in the
// time that the writer takes to bring the next. (docs/performance.md)
const unsentBytes = 16 << 10

// limitUnsent makes the kernel take no more than that, where it can. Where it
// cannot, urgent messages wait longer, and nothing else changes.
func limitUnsent(conn net.Conn) {
	c, ok := conn.(syscall.Conn)
	if !ok || unsentOption == 0 {
		return
	}
	if raw, err := c.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) {
			setInt(fd, syscall.IPPROTO_TCP, unsentOption, unsentBytes)
		})
	}
}
