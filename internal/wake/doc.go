// Package wake has the two ways in which goroutines here wake each other: [One] wakes one
// that waits for work, [All] wakes all that wait for a change. Neither loses a wake-up
// that comes while no goroutine waits, and no Wake blocks.
package wake
