namespace Millrace.Cli.Children;

/// <summary>A process ended, and nobody here had told it to.</summary>
/// <param name="Code">128 and the signal's number after a signal.</param>
/// <param name="Output">The end of what it had printed.</param>
internal sealed record OwnEnd(int Code, string Output)
{
    // What Orleans says to a node that the others have declared dead, before it aborts: with the exit code of every crash, so the words tell them apart.
    private const string Sentence = "I have been told I am dead";
    private const int Aborted = 134;
    private const int MaxWords = 2_000;

    /// <summary>The others had taken it for dead: then it must write nothing more, and is made to end itself.</summary>
    public bool IsOfOneTakenForDead => Code == Aborted && Output.Contains(Sentence, StringComparison.Ordinal);

    public override string ToString() => $"ended by itself with exit code {Code}, and said last: {Output[Math.Max(0, Output.Length - MaxWords)..].Trim()}";
}
