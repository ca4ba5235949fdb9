package node

import "syscall"

// errHostDown has no name of its own in WASI. (wasi_snapshot_preview1, errno)
const errHostDown = syscall.EHOSTUNREACH
