// Package explore visits every situation that can come about in a model, the
// nearest first, and tells a shortest way to one in which something is wrong.
//
// Start with [Space]: what the situations are, and what can happen in each.
package explore
