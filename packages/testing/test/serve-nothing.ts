// Ends at once: a child that never calls serveStores.
export {}
