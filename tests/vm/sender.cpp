// SPDX-License-Identifier: BSD-2-Clause
// The library's way through the module.
#include "helpers/child.hpp"
#include "helpers/scoped_calls.hpp"
#include "module.hpp"

#include <sig2pid/module_sender.hpp>

#include <cerrno>
#include <csignal>
#include <unistd.h>

namespace sig2pid::vm {
namespace {

using test::Child;

class Sender : public Module {
protected:
    ModuleSender sender_ = ModuleSender::open().value();
    Process self_ = Process::open(::getpid()).value();
};

TEST_F(Sender, DeliversTheWholePayload) {
    const SendOptions options = {.payload = Payload{0xFEDCBA9876543210}};
    const auto delivery = sender_.deliver(self_, Signal(realtime), options);
    ASSERT_TRUE(delivery) << delivery.error().message();
    EXPECT_EQ(delivery->verdict, Verdict::delivered);
    const ReceivedSignal got = next(receiver_);
    EXPECT_EQ(got.value, 0xFEDCBA9876543210);
    EXPECT_EQ(got.code, SI_QUEUE);
}

TEST_F(Sender, SaysCoalescedAndDeniedAndGone) {
    const Child holder(test::block_all_and_pause);
    const SendOptions options = {.payload = Payload{1}};
    EXPECT_EQ(sender_.deliver(holder.process(), Signal(SIGUSR1), options)->verdict, Verdict::delivered);
    EXPECT_EQ(sender_.deliver(holder.process(), Signal(SIGUSR1), options)->verdict, Verdict::coalesced);
    Child stranger([&](const auto& ready) {
        ready();
        if (::setresuid(65534, 65534, 65534) != 0) {
            return 1;
        }
        const auto own = ModuleSender::open();
        return own && own->deliver(holder.process(), Signal(SIGUSR2))->verdict == Verdict::denied ? 0 : 2;
    });
    EXPECT_EQ(stranger.wait(), 0);
    EXPECT_EQ(sender_.deliver(stranger.process(), Signal(SIGUSR2))->verdict, Verdict::gone);
}

TEST_F(Sender, SparesWhoCannotBeLookedAtWhereAHandlerIsRequired) {
    const Child child(test::pause_at_defaults);
    const auto status_is_hidden = [&](DefaultPolicy policy) {
        test::ScopedCalls calls;
        calls.table.openat = [](int directory, const char* file, int flags) {
            return std::string_view(file).ends_with("status") ? -EACCES
                                                              : sys::kernel_calls().openat(directory, file, flags);
        };
        return sender_.deliver(child.process(), Signal(SIGHUP), {.default_policy = policy});
    };
    const auto refused = status_is_hidden(DefaultPolicy::require_handler);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EACCES);
    EXPECT_EQ(child.process().state(), ProcessState::alive);
    EXPECT_EQ(status_is_hidden(DefaultPolicy::allow)->looked, false);
    test::wait_for_exit(child.process());
}

TEST_F(Sender, IsOfNoUseOnceTheModuleIsGone) {
    EXPECT_EQ(unload("sig2pid"), 0);
    const auto delivery = sender_.deliver(self_, Signal(realtime));
    ASSERT_FALSE(delivery);
    EXPECT_EQ(delivery.error().code, EIO);
    EXPECT_EQ(ModuleSender::open().error().code, ENOENT);
    EXPECT_EQ(load("sig2pid", "mode=0222"), 0);
}

} // namespace
} // namespace sig2pid::vm
