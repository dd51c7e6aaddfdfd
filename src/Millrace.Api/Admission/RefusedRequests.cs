namespace Millrace.Api.Admission;

/// <summary>How many requests the admission gate has refused since the start: while it refuses, nothing that can wait should be begun. Thread-safe.</summary>
public delegate long RefusedRequests();
