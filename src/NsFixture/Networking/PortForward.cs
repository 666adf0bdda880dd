namespace NsFixture.Networking;

/// <summary>An outside port that is passed on to an inside host, as declared.</summary>
internal sealed record PortForward(IPTransport Protocol, int Port, string To, int ToPort)
{
    public override string ToString() => $"{Protocol.ToString().ToLowerInvariant()} {Port} → {To}:{ToPort}";
}
