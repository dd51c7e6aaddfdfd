using Millrace.Client.Json;
using Millrace.Client.Orders;
using Millrace.Client.Sending;

namespace Millrace.Client.Jobs;

/// <summary>Doing something with every order that matches a query.</summary>
public sealed class JobsClient
{
    private readonly Sender _sender;

    internal JobsClient(Sender sender) => _sender = sender;

    /// <summary>Starts one; it goes on at the server. Needs what its action needs too.</summary>
    [Operation("start_job")]
    public Task<Answer<Job>> StartAsync(NewJob job, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/jobs", job, ClientJson.Default.NewJob, options), ClientJson.Default.Job, cancellation);

    /// <summary>The tenant's, newest first: those that are open, and the last hundred.</summary>
    [Operation("list_jobs")]
    public Task<Answer<Listing<Job>>> ListAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/jobs", options), ClientJson.Default.ListingJob, cancellation);

    [Operation("get_job")]
    public Task<Answer<Job>> GetAsync(string job, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/jobs/{job}", options), ClientJson.Default.Job, cancellation);

    /// <summary>What became of its orders, in the order in which they were taken.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="cursor"><see cref="Page{T}.NextCursor"/> of the page before; null for the first.</param>
    /// <param name="pageSize">1 to 200.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("list_job_results")]
    public Task<Answer<Page<JobResult>>> ListResultsAsync(
        string job, string? cursor = null, int pageSize = 50, CallOptions? options = null, CancellationToken cancellation = default)
    {
        var call = Call.Get($"v1/jobs/{job}/results", options);
        return _sender.SendAsync(call with { Path = call.Path + new Query().With("cursor", cursor).With("limit", pageSize) }, ClientJson.Default.PageJobResult, cancellation);
    }

    /// <summary>Lets it rest, after the orders that it is at.</summary>
    [Operation("pause_job")]
    public Task<Answer<Job>> PauseAsync(string job, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/jobs/{job}/pause", new Nothing(), ClientJson.Default.Nothing, options), ClientJson.Default.Job, cancellation);

    /// <summary>Lets it go on, when it is paused or failed.</summary>
    [Operation("resume_job")]
    public Task<Answer<Job>> ResumeAsync(string job, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/jobs/{job}/resume", new Nothing(), ClientJson.Default.Nothing, options), ClientJson.Default.Job, cancellation);

    /// <summary>Ends it; what it has done stays done.</summary>
    [Operation("cancel_job")]
    public Task<Answer<Job>> CancelAsync(string job, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/jobs/{job}/cancel", new Nothing(), ClientJson.Default.Nothing, options), ClientJson.Default.Job, cancellation);
}
