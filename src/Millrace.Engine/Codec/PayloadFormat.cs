namespace Millrace.Engine.Codec;

/// <summary>
/// The format of everything that is stored or sent between nodes, as one number. A build reads its own and all earlier ones, and writes the one that
/// the store says: while nodes of the version before still run, it writes what they can read. The store's number is raised once all are new, and
/// is taken over with each claim.
/// </summary>
public static class PayloadFormat
{
    public const int Oldest = 1;

    /// <summary>Knows <c>order.answer_set_aside.v1</c>. Before it, an answer that made the decider throw was lost.</summary>
    public const int WithAnswersSetAside = 2;

    /// <summary>A decision says whose order it is of and how many events came before it, so that the feed needs nothing else to tell of it.</summary>
    public const int WithOrderMarks = 3;

    public const int Newest = WithOrderMarks;
}
