// Ends at once: a child that never calls serveStore.
export {}
