/** The roles, each with what it may do in words. */
import { Radio, Stack } from "@mantine/core";
import { useWords } from "../../words";
import { ROLES, type Role } from "./roles";

export function RoleChoice(props: { value: Role; error?: string; owners: boolean; onChange: (role: Role) => void }) {
  const { say } = useWords();
  return (
    <Radio.Group label={say("people.role")} value={props.value} error={props.error} onChange={(role) => props.onChange(role as Role)}>
      <Stack gap={10} mt={4}>
        {ROLES.map((role) => (
          <Radio key={role} value={role} label={say(`people.role-${role}`)} description={say(`people.role-${role}-more`)} disabled={role === "owner" && !props.owners} />
        ))}
      </Stack>
    </Radio.Group>
  );
}
