namespace NsFixture;

/// <summary>Data of the machine that a tree of another kind may need too: each is shown read-only, where the machine has it.</summary>
[Flags]
public enum RootData
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The certificates of authorities: <c>/etc/ssl</c>, <c>/etc/pki</c>, <c>/usr/share/ca-certificates</c>.</summary>
    Certificates = 1,

    /// <summary>Time zones: <c>/usr/share/zoneinfo</c>, <c>/etc/localtime</c>.</summary>
    TimeZones = 2,

    /// <summary>Locales: <c>/usr/lib/locale</c>, <c>/usr/share/locale</c>.</summary>
    Locales = 4,
}
