using System.Text;

namespace Millrace.Cli.Replay;

/// <summary>
/// Reads UTF-8, and every byte that is not as Latin-1: files that went through several programs mix the two, and a £ in a
/// description is no reason to lose a sale.
/// </summary>
internal sealed class LatinFallback : DecoderFallback
{
    public static Encoding Encoding { get; } = Encoding.GetEncoding("utf-8", EncoderFallback.ReplacementFallback, new LatinFallback());

    // A malformed sequence is at most three bytes, each one character.
    public override int MaxCharCount => 3;

    public override DecoderFallbackBuffer CreateFallbackBuffer() => new Buffer();

    private sealed class Buffer : DecoderFallbackBuffer
    {
        private byte[] _bytes = [];
        private int _next;

        public override int Remaining => _bytes.Length - _next;

        public override bool Fallback(byte[] bytesUnknown, int index)
        {
            // The decoder goes on with its own array.
            _bytes = [.. bytesUnknown];
            _next = 0;
            return _bytes.Length > 0;
        }

        public override char GetNextChar() => _next < _bytes.Length ? (char)_bytes[_next++] : '\0';

        public override bool MovePrevious()
        {
            if (_next == 0)
                return false;
            _next--;
            return true;
        }

        public override void Reset()
        {
            _bytes = [];
            _next = 0;
        }
    }
}
