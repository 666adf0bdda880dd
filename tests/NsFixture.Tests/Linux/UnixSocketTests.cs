using FluentAssertions;
using NsFixture.Linux;

namespace NsFixture.Tests.Linux;

public class UnixSocketTests
{
    [Theory, InlineData(false), InlineData(true)]
    public void The_last_words_of_who_left_something_unread_are_heard(bool isAskedFirst)
    {
        var (here, there) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        try
        {
            UnixSocket.Send(here, [1]).Should().BeTrue();
            UnixSocket.Send(there, [2]).Should().BeTrue();
            Descriptors.Close(there);
            if (isAskedFirst)
                UnixSocket.Peek(here).Should().Be(2);
            UnixSocket.Receive(here, out _, wait: false).Should().Equal(2);
            UnixSocket.Receive(here, out _, wait: false).Should().BeEmpty("it is closed");
        }
        finally
        {
            Descriptors.Close(here);
        }
    }
}
