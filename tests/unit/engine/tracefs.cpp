// SPDX-License-Identifier: BSD-2-Clause
#include "engine/tracefs.hpp"

#include <cerrno>
#include <gtest/gtest.h>

namespace sig2pid::engine {

namespace {

/// As the kernel writes it, with one field of each kind.
constexpr std::string_view sample = R"(name: made_up
ID: 1234
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:char comm[16];	offset:8;	size:16;	signed:0;
	field:pid_t pid;	offset:24;	size:4;	signed:1;
	field:unsigned long long flags;	offset:32;	size:8;	signed:0;
	field:__data_loc char[] filename;	offset:40;	size:4;	signed:0;
	field:const char * name;	offset:48;	size:8;	signed:0;
	field:unsigned long args[6];	offset:56;	size:48;	signed:0;

print fmt: "field:int trap;	offset:1;	size:1;	signed:0;", REC->pid
	field:int behind;	offset:1;	size:1;	signed:0;
)";

RecordField parsed(const std::string& declaration) {
    const auto format = parse_format("ID: 1\n\tfield:" + declaration + ";\toffset:8;\tsize:4;\tsigned:1;\n");
    EXPECT_TRUE(format) << declaration;
    return format && format->fields.size() == 1 ? format->fields[0] : RecordField{};
}

int code_of(std::string_view text) {
    const auto format = parse_format(text);
    return format ? 0 : format.error().code;
}

TEST(ParseFormat, reads_the_id_and_the_fields_but_the_common_ones) {
    const auto format = parse_format(sample);
    ASSERT_TRUE(format) << format.error().message();
    EXPECT_EQ(format->id, 1234U);
    const std::vector<RecordField> expected = {{"char[16]", "comm", 8, 16, false},
                                               {"pid_t", "pid", 24, 4, true},
                                               {"unsigned long long", "flags", 32, 8, false},
                                               {"__data_loc char[]", "filename", 40, 4, false},
                                               {"const char *", "name", 48, 8, false},
                                               {"unsigned long[6]", "args", 56, 48, false}};
    EXPECT_EQ(format->fields, expected);
}

TEST(ParseFormat, splits_a_declaration_into_type_and_name) {
    EXPECT_EQ(parsed("struct task_struct * task").type, "struct task_struct *");
    EXPECT_EQ(parsed("struct task_struct * task").name, "task");
    EXPECT_EQ(parsed("u8 key[ALG_KEY_LEN]").type, "u8[ALG_KEY_LEN]");
    EXPECT_EQ(parsed("u8 key[ALG_KEY_LEN]").name, "key");
    EXPECT_EQ(parsed("__rel_loc char[] msg").type, "__rel_loc char[]");
    EXPECT_EQ(parsed("  int\t x").name, "x");
}

TEST(ParseFormat, accepts_a_tracepoint_without_fields) {
    const auto format = parse_format("name: none\nID: 7\nformat:\n\nprint fmt: \"\"");
    ASSERT_TRUE(format);
    EXPECT_TRUE(format->fields.empty());
}

TEST(ParseFormat, needs_an_id) {
    EXPECT_EQ(code_of(""), EBADMSG);
    EXPECT_EQ(code_of("name: x\nformat:\n"), EBADMSG);
    EXPECT_EQ(code_of("ID: x\n"), EBADMSG);
    EXPECT_EQ(code_of("ID: -1\n"), EBADMSG);
    EXPECT_EQ(code_of("ID: 4294967296\n"), EBADMSG);
    EXPECT_EQ(code_of("ID: 4294967295\n"), 0);
}

TEST(ParseFormat, refuses_a_field_it_does_not_understand_rather_than_misread_it) {
    const std::string start = "ID: 1\n";
    EXPECT_EQ(code_of(start + "field:"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:;"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:int x;"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:int x; offset:8;"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:int x; size:8;"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:int x; offset:; size:4;"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:int x; offset:-8; size:4;"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:int x; offset:65536; size:4;"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:int x; offset:8; size:65536;"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:x; offset:8; size:4;"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:[16]; offset:8; size:4;"), EBADMSG);
    EXPECT_EQ(code_of(start + "field:int x; offset:8; size:4;"), 0);
}

TEST(ParseFormat, bytes_that_are_no_text_do_no_harm) {
    std::string text(sample);
    for (std::size_t i = 0; i < text.size(); i++) {
        for (const char byte : {'\0', '\xff', '\n', ';', ':', '[', ' '}) {
            std::string broken = text;
            broken[i] = byte;
            const auto format = parse_format(broken);
            EXPECT_TRUE(format || format.error().code == EBADMSG);
        }
        const auto cut = parse_format(std::string_view(text).substr(0, i));
        EXPECT_TRUE(cut || cut.error().code == EBADMSG);
    }
}

} // namespace

} // namespace sig2pid::engine
