package mux

import "syscall"

// unsentOption is TCP_NOTSENT_LOWAT of netinet/tcp.h, which syscall does not have.
const unsentOption = 0x201

func setInt(fd uintptr, level, option, value int) {
	syscall.SetsockoptInt(int(fd), level, option, value)
}
