using Millrace.Simulation.Time;

namespace Millrace.Simulation.Clients;

/// <summary>The clock that all clients look at to see whether they have waited long enough.</summary>
internal sealed class Patience
{
    private const long LookEveryUs = 400_000;
    private readonly List<ClientCall> _open = [];
    private readonly Schedule _schedule;

    public Patience(Schedule schedule)
    {
        _schedule = schedule;
        _schedule.After(LookEveryUs, Look);
    }

    public void Watch(ClientCall call) => _open.Add(call);

    private void Look()
    {
        _open.RemoveAll(static call => call.IsAnswered);
        // Sending again opens no new call, so the list stays as it is.
        foreach (var call in _open)
            call.SendAgainWhenOverdue();
        _schedule.After(LookEveryUs, Look);
    }
}
